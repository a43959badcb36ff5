// A metadata service of a few lines, for the process of a test whose timers are fake.

const { createServer } = require("node:http");

const ACCESS_KEY_ID = "ASIASMALLIMDS0000001";
const KEYS = { AccessKeyId: ACCESS_KEY_ID, SecretAccessKey: "secret", Token: "token" };

const BODIES = {
  "/latest/api/token": "a-session-token",
  "/latest/meta-data/iam/security-credentials/": "app",
  "/latest/meta-data/placement/region": "eu-central-1",
};

/** `failures`: the statuses of the first responses; `"silence"` is none at all. */
async function startImds(failures = []) {
  const requests = [];
  const left = [...failures];
  const server = createServer((request, response) => {
    requests.push(request.url);
    const status = left.shift() ?? 200;
    if (status === "silence") return;
    const Expiration = new Date(Date.now() + 6 * 3_600_000).toISOString();
    const body = BODIES[request.url] ?? JSON.stringify({ Code: "Success", ...KEYS, Expiration });
    response.writeHead(status).end(status === 200 ? body : "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Only what the library keeps alive is of interest.
  server.unref();
  return { endpoint: `http://127.0.0.1:${server.address().port}`, requests };
}

module.exports = { startImds, ACCESS_KEY_ID };
