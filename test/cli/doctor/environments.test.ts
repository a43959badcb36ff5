import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/cli/doctor/diagnosis.js";
import { CHECKS, type Finding } from "../../../src/cli/doctor/findings.js";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";
import { failures, finding, statuses } from "./findings.js";

let imds: MockImds;
let listener: MockListener;

const ID = "i-0123456789abcdef0";

beforeEach(async () => {
  imds = createMockImds({
    roleName: "app",
    accountId: "123456789012",
    region: "eu-central-1",
    instanceId: ID,
  });
  listener = await imds.listen();
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", listener.endpoint);
  vi.stubEnv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
  vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "10");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await listener.close();
});

const ALWAYS = { times: Number.POSITIVE_INFINITY };

const HEALTHY = {
  settings: "ok",
  "other credentials": "ok",
  connection: "ok",
  "session token": "ok",
  IMDSv1: "ok",
  "instance profile": "ok",
  role: "ok",
  credentials: "ok",
  clock: "ok",
  region: "ok",
} as const;

const WITHOUT_TOKEN = {
  connection: "ok",
  "session token": "fail",
  "instance profile": "skipped",
  role: "skipped",
  credentials: "skipped",
  clock: "skipped",
  region: "skipped",
} as const;

const NOT_CONNECTED = {
  ...WITHOUT_TOKEN,
  connection: "fail",
  "session token": "skipped",
  IMDSv1: "skipped",
} as const;

/** One cause is one failure, each failure has a fix, and each check is listed. */
function expectOneFailure(findings: readonly Finding[]): Finding {
  const [failure, ...more] = failures(findings);
  expect(more).toEqual([]);
  expect(failure?.fix).toMatch(/\S/);
  expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(CHECKS));
  if (!failure) throw new Error("no failure");
  return failure;
}

test("a healthy instance: each check is ok, and no secret is shown", async () => {
  const findings = await diagnose({});
  expect(statuses(findings)).toMatchObject(HEALTHY);
  expect(finding(findings, "role").message).toBe("EC2 can assume the role app.");
  expect(finding(findings, "region").message).toBe("The instance is in eu-central-1.");
  expect(finding(findings, "IMDSv1").message).toContain("IMDSv2 is required (HttpTokens: required)");
  const shown = JSON.stringify(findings);
  const { secretAccessKey = "none", sessionToken = "none" } = imds.credentials ?? {};
  const imdsToken = imds.requests.map(({ headers }) => headers["x-aws-ec2-metadata-token"]).find(Boolean);
  expect(imdsToken).toBeDefined();
  for (const secret of [secretAccessKey, sessionToken, String(imdsToken)])
    expect(shown).not.toContain(secret);
});

test("one session token serves all checks", async () => {
  await diagnose({});
  expect(imds.requests.filter(({ step }) => step === "token")).toHaveLength(1);
});

describe("the connection", () => {
  test("no service listens: everything after the connection is skipped", async () => {
    await listener.close();
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject(NOT_CONNECTED);
    expect(expectOneFailure(findings)).toMatchObject({
      check: "connection",
      code: "IMDS_UNREACHABLE",
      fix: `If ${listener.endpoint} is a mocked metadata service, start it. If you did not set the endpoint on purpose, unset AWS_EC2_METADATA_SERVICE_ENDPOINT.`,
    });
    expect(finding(findings, "role").message).toBe('Skipped because "connection" failed.');
  });

  test("https where the service speaks http", async () => {
    const findings = await diagnose({ endpoint: listener.endpoint.replace("http:", "https:") });
    expect(statuses(findings)).toMatchObject(NOT_CONNECTED);
    expect(expectOneFailure(findings).fix).toBe(
      `Use ${listener.endpoint}: EC2's metadata service speaks http only.`,
    );
  });

  test("http where the service speaks https: it resets the connection", async () => {
    imds.fail({ on: "token", mode: "reset", ...ALWAYS });
    expect(expectOneFailure(await diagnose({})).fix).toBe(
      `If the service at ${listener.endpoint} speaks https, use ${listener.endpoint.replace("http:", "https:")}. Correct the endpoint ${listener.endpoint} (AWS_EC2_METADATA_SERVICE_ENDPOINT). If you did not set it on purpose, unset AWS_EC2_METADATA_SERVICE_ENDPOINT.`,
    );
  });

  test("the endpoint has a path", async () => {
    const findings = await diagnose({ endpoint: `${listener.endpoint}/latest/meta-data/` });
    expect(expectOneFailure(findings).fix).toBe(
      `The endpoint ${listener.endpoint}/latest/meta-data (--endpoint) has a path, to which the library adds /latest/…: use ${listener.endpoint}, or leave out --endpoint.`,
    );
  });

  const page: RequestListener = (_, response) => response.end("<!doctype html><h1>Welcome</h1>");
  const status =
    (code: number): RequestListener =>
    (_, response) => {
      response.statusCode = code;
      response.end("<h1>Not here</h1>");
    };
  const word: RequestListener = (_, response) => response.end("ok");

  test.each([
    ["answers each request with a page", page],
    ["answers each request with a word", word],
    ["knows no such path", status(404)],
    ["allows no PUT", status(405)],
    ["rejects each request", status(400)],
    ["redirects", status(302)],
    ["fails", status(500)],
  ] as const)("a web server that %s is not a metadata service", async (_, answer) => {
    await using server = await listening(createServer(answer));
    for (const endpoint of [server.endpoint, `${server.endpoint}/app`]) {
      const findings = await diagnose({ endpoint, timeout: 10_000 });
      expect(statuses(findings)).toMatchObject(NOT_CONNECTED);
      const { message, fix } = expectOneFailure(findings);
      expect(message).toMatch(/^A server answers at \S+, but it is not an instance metadata service: /);
      expect(message).not.toMatch(/Welcome|Not here/);
      expect(fix).toContain("--endpoint");
    }
  });

  test("a server that speaks no HTTP", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.end("220 mail.example ESMTP\r\n", () => socket.destroy());
    });
    await using tcp = await listening(server);
    const { code, fix } = expectOneFailure(await diagnose({ endpoint: tcp.endpoint, timeout: 10_000 }));
    expect(["IMDS_UNREACHABLE", "INVALID_RESPONSE"]).toContain(code);
    expect(fix).toContain("--endpoint");
  });
});

describe("the session token", () => {
  test("the response never arrives: the hop limit, in the command for this instance", async () => {
    imds.fail({ on: "token", mode: "hang", ...ALWAYS });
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "0.3");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject(WITHOUT_TOKEN);
    const { code, fix } = expectOneFailure(findings);
    expect(code).toBe("IMDS_TIMEOUT");
    expect(fix).toContain("raise the hop limit (HttpPutResponseHopLimit) of the instance to 2:\naws ec2 ");
    expect(fix).toMatch(/ --region eu-central-1 --http-put-response-hop-limit 2 --http-endpoint enabled$/);
  });

  test("metadata access is disabled", async () => {
    imds.disable();
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...WITHOUT_TOKEN, IMDSv1: "note" });
    const { code, fix } = expectOneFailure(findings);
    expect(code).toBe("IMDS_FORBIDDEN");
    expect(fix).toContain("--http-endpoint enabled");
  });

  test.each([404, 405, 410, 501])("the service does not support IMDSv2 (status %i)", async (code) => {
    const open = createMockImds({ imdsV1: true });
    open.fail({ on: "token", status: code, ...ALWAYS });
    await using listening = await open.listen();
    const findings = await diagnose({ endpoint: listening.endpoint });
    expect(statuses(findings)).toMatchObject({ ...WITHOUT_TOKEN, IMDSv1: "warning" });
    expect(expectOneFailure(findings).code).toBe("TOKEN_UNSUPPORTED");
  });

  test("the service does not support IMDSv2, and IMDSv1 is allowed", async () => {
    const open = createMockImds({ imdsV1: true });
    open.fail({ on: "token", status: 404, ...ALWAYS });
    await using listening = await open.listen();
    vi.stubEnv("AWS_EC2_METADATA_V1_DISABLED", "false");
    const findings = await diagnose({ endpoint: listening.endpoint });
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, "session token": "warning", IMDSv1: "warning" });
    expect(finding(findings, "session token").message).toBe(
      "The service issues no session token (status 404). IMDSv1 is allowed (AWS_EC2_METADATA_V1_DISABLED) and is used instead.",
    );
    expect(finding(findings, "IMDSv1").fix).not.toContain("--http-tokens");
  });

  test("neither tokens nor requests without them: one failure", async () => {
    imds.fail({ on: "token", status: 403, ...ALWAYS });
    vi.stubEnv("AWS_EC2_METADATA_V1_DISABLED", "false");
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...WITHOUT_TOKEN, IMDSv1: "ok" });
    expect(expectOneFailure(findings)).toMatchObject({
      check: "session token",
      code: "IMDS_FORBIDDEN",
      message:
        "The service issues no session token (status 403). IMDSv1 is allowed (AWS_EC2_METADATA_V1_DISABLED), but a request without a token is answered with status 401.",
      fix: expect.stringContaining("--http-endpoint enabled"),
    });
  });

  test("metadata is throttled", async () => {
    imds.fail({ on: "token", status: 503, ...ALWAYS });
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject(WITHOUT_TOKEN);
    expect(expectOneFailure(findings).code).toBe("THROTTLED");
  });
});

describe("IMDSv1", () => {
  test("enabled: a warning with the commands that require IMDSv2, of this instance and of the account", async () => {
    await using open = await createMockImds({ imdsV1: true, region: "eu-west-1", instanceId: ID }).listen();
    const findings = await diagnose({ endpoint: open.endpoint });
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, IMDSv1: "warning" });
    const { message, fix } = finding(findings, "IMDSv1");
    expect(message).toContain("(HttpTokens: optional)");
    expect(fix?.split("\n").filter((line) => line.startsWith("aws "))).toEqual([
      `aws ec2 modify-instance-metadata-options --instance-id ${ID} --region eu-west-1 --http-tokens required`,
      "aws ec2 modify-instance-metadata-defaults --region eu-west-1 --http-tokens required --http-tokens-enforced enabled",
    ]);
  });

  test("another page instead of the listing: nothing is claimed", async () => {
    imds.fail({ on: "metadata", status: 200, body: "<h1>Welcome</h1>" });
    expect(finding(await diagnose({}), "IMDSv1")).toEqual({
      check: "IMDSv1",
      status: "note",
      message:
        "Cannot tell whether IMDSv1 is enabled: a request without a token was not answered with the listing of metadata.",
    });
  });
});

describe("the instance profile", () => {
  test("none is attached: one failure, with the command for this instance", async () => {
    imds.detachRole();
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({
      "session token": "ok",
      "instance profile": "fail",
      role: "skipped",
      credentials: "skipped",
      region: "ok",
    });
    const { code, message, fix } = expectOneFailure(findings);
    expect(code).toBe("NO_ROLE_ATTACHED");
    expect(message).toContain("identity-credentials/ec2");
    expect(fix).toBe(
      `Attach an instance profile that contains a role:\naws ec2 associate-iam-instance-profile --instance-id ${ID} --region eu-central-1 --iam-instance-profile Name=PROFILE_NAME`,
    );
  });

  test("none is attached, and a role is configured: the profile comes first", async () => {
    imds.detachRole();
    expect(expectOneFailure(await diagnose({ roleName: "app" })).check).toBe("instance profile");
  });

  test.each([
    [
      "contains no role",
      "empty profile",
      "it contains no role",
      "--instance-profile-name app --role-name ROLE_NAME",
    ],
    ["was deleted", "deleted profile", "was deleted", "replace-iam-instance-profile-association"],
  ] as const)("it %s", async (_, left, what, command) => {
    imds.detachRole(left);
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ "instance profile": "fail", role: "skipped" });
    const { message, fix } = expectOneFailure(findings);
    expect(message).toContain(what);
    expect(message).not.toMatch(/Success|\.\./);
    expect(fix).toContain(command);
  });

  test.each([
    ["is missing", { status: 404 }],
    ["is not JSON", { body: "<html>" }],
  ] as const)("credentials are there, though iam/info %s: a note", async (_, fault) => {
    imds.fail({ path: "/latest/meta-data/iam/info", ...fault, ...ALWAYS });
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, "instance profile": "note" });
    expect(finding(findings, "instance profile").message).toContain("A proxy or an emulator answers");
  });

  test("credentials are still there, though the profile has lost its role: a warning", async () => {
    const body = JSON.stringify({ Code: "Success", Message: "Instance Profile does not contain a role." });
    imds.fail({ path: "/latest/meta-data/iam/info", body, ...ALWAYS });
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, "instance profile": "warning" });
    expect(finding(findings, "instance profile").message).toContain("perhaps only until they expire");
  });

  test("iam/info is missing, and the role cannot be assumed: the role is the failure", async () => {
    imds.denyAssumeRole();
    imds.fail({ path: "/latest/meta-data/iam/info", status: 404, ...ALWAYS });
    const findings = await diagnose({});
    expect(expectOneFailure(findings)).toMatchObject({ check: "role", code: "ROLE_NOT_ASSUMABLE" });
    expect(statuses(findings)).toMatchObject({ "instance profile": "note" });
  });

  test("iam/info is not JSON, and there is no role", async () => {
    imds.detachRole();
    imds.fail({ path: "/latest/meta-data/iam/info", status: 200, body: "<html>", ...ALWAYS });
    expect(expectOneFailure(await diagnose({}))).toMatchObject({
      check: "instance profile",
      code: "INVALID_RESPONSE",
    });
  });

  test("iam/info repeats the session token: it is withheld", async () => {
    imds.detachRole("empty profile");
    imds.fail({ on: "token", body: "AQAEAabcdefghijklmnopqrstuvwxyz0123456789==", ...ALWAYS });
    const body = JSON.stringify({
      Code: "Success",
      Message: "no role; token abcdefghijklmnopqrstuvwxyz",
      InstanceProfileArn: "arn:aws:iam::123456789012:instance-profile/AQAEAabcdefghijklmnop",
    });
    // The mock does not know this token: what is read with it is a fault's body.
    imds.fail({ path: "/latest/meta-data/iam/info", status: 200, body, ...ALWAYS });
    imds.fail({ path: "/latest/meta-data/", status: 200, body: "iam/\ninstance-id", ...ALWAYS });
    imds.fail({ on: "role", status: 404, ...ALWAYS });
    const findings = await diagnose({});
    expect(finding(findings, "instance profile").message).toContain("withheld");
    expect(JSON.stringify(findings)).not.toMatch(/abcdefghijkl/);
  });
});

describe("the role", () => {
  test.each([
    ["--role", { roleName: "other" }, {}, "leave out --role"],
    [
      "AWS_EC2_INSTANCE_PROFILE_NAME",
      {},
      { AWS_EC2_INSTANCE_PROFILE_NAME: "other" },
      "unset AWS_EC2_INSTANCE_PROFILE_NAME",
    ],
  ] as const)(
    "%s names another role than the one that is attached",
    async (source, options, env, removal) => {
      for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
      const findings = await diagnose(options);
      expect(statuses(findings)).toMatchObject({
        "instance profile": "ok",
        role: "fail",
        credentials: "skipped",
      });
      expect(expectOneFailure(findings).fix).toBe(
        `The role that is attached is app. Correct the name "other" (${source}), or ${removal}.`,
      );
    },
  );

  test("the role list is refused", async () => {
    imds.fail({ on: "role", status: 302, ...ALWAYS });
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ role: "fail", credentials: "skipped" });
    expect(expectOneFailure(findings).code).toBe("SERVER_ERROR");
  });

  test("a reason that concerns all reads is one failure", async () => {
    imds.fail({ on: "role", status: 401, ...ALWAYS });
    imds.fail({ on: "metadata", status: 401, ...ALWAYS });
    const findings = await diagnose({});
    expect(expectOneFailure(findings)).toMatchObject({ check: "role", code: "UNAUTHORIZED" });
    expect(statuses(findings)).toMatchObject({
      "instance profile": "skipped",
      clock: "skipped",
      region: "skipped",
    });
  });

  test("a proxy refuses its credentials", async () => {
    imds.fail({ on: "credentials", status: 403, ...ALWAYS });
    expect(expectOneFailure(await diagnose({}))).toMatchObject({
      check: "credentials",
      code: "IMDS_FORBIDDEN",
      fix: expect.stringContaining("kube2iam"),
    });
  });

  test("EC2 may not assume it: the trust policy", async () => {
    imds.denyAssumeRole("EC2 cannot assume the role app.");
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ "session token": "ok", role: "fail", credentials: "skipped" });
    const { code, message, fix } = expectOneFailure(findings);
    expect(code).toBe("ROLE_NOT_ASSUMABLE");
    expect(message).toContain("EC2 cannot assume the role app");
    expect(fix).toMatch(
      /trust policy.*:\naws iam get-role --role-name app --query Role\.AssumeRolePolicyDocument$/,
    );
  });

  test("a role that is listed by its ARN", async () => {
    await using server = await listening(
      createServer(service({ role: "arn:aws:iam::123456789012:role/team/app" })),
    );
    const findings = await diagnose({ endpoint: server.endpoint });
    expect(statuses(findings)).toMatchObject({ role: "ok", credentials: "ok" });
  });
});

test("a refusal that repeats the session token is withheld", async () => {
  const token = "AQAEAabcdefghijklmnopqrstuvwxyz0123456789==";
  imds.fail({ on: "token", body: token, ...ALWAYS });
  imds.fail({ on: "role", status: 200, body: "app", ...ALWAYS });
  const body = JSON.stringify({
    Code: "AssumeRoleUnauthorizedAccess",
    Message: `refused: ${token.slice(6, 30)}`,
  });
  imds.fail({ on: "credentials", status: 200, body, ...ALWAYS });
  imds.fail({ on: "metadata", status: 404, ...ALWAYS });
  const findings = await diagnose({});
  expect(JSON.stringify(findings)).toContain("AssumeRoleUnauthorizedAccess");
  expect(JSON.stringify(findings)).not.toMatch(/bcdefghijk/);
});

describe("the credentials", () => {
  test("they have expired", async () => {
    imds.rotate({
      accessKeyId: "ASIAEXPIRED",
      secretAccessKey: "s",
      sessionToken: "t",
      expiration: new Date(0),
    });
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ role: "ok", credentials: "fail" });
    expect(finding(findings, "role").message).toBe("The role app has credentials here.");
    expect(expectOneFailure(findings).message).toBe(
      "The role's credentials expired at 1970-01-01T00:00:00Z and were not replaced.",
    );
  });

  test.each([
    [30, "warning", /^They are valid for (30|2\d) s only, until \S+Z\./],
    [110, "ok", /^Valid for 1(10|0\d|9\d) s, until \S+Z; the next refresh is due now\.$/],
    [240, "ok", /^Valid for [34] min, /],
  ] as const)("they have %i seconds left", async (seconds, status, message) => {
    const expiration = new Date(Date.now() + seconds * 1000);
    imds.rotate({ accessKeyId: "ASIASHORT", secretAccessKey: "s", sessionToken: "t", expiration });
    const credentials = finding(await diagnose({}), "credentials");
    expect(credentials.status).toBe(status);
    expect(credentials.message).toMatch(message);
  });

  test("the document is not JSON, and the service has nothing but credentials: still a metadata service", async () => {
    imds.fail({ path: "/latest/meta-data/", status: 404, ...ALWAYS });
    imds.fail({ on: "credentials", body: "<html>login</html>", ...ALWAYS });
    const findings = await diagnose({});
    expect(expectOneFailure(findings).check).toBe("credentials");
    expect(statuses(findings)).toMatchObject({ connection: "ok", "session token": "ok" });
  });

  test("the document is not JSON: one failure, which does not quote it", async () => {
    imds.fail({ on: "credentials", body: "<html>login</html>", ...ALWAYS });
    const findings = await diagnose({});
    expect(expectOneFailure(findings)).toMatchObject({ check: "credentials", code: "INVALID_RESPONSE" });
    expect(JSON.stringify(findings)).not.toContain("login");
  });
});

describe("the Region", () => {
  test("it comes from the identity document where there is no placement/region", async () => {
    imds.setMetadata("placement/region", null);
    expect(finding(await diagnose({}), "region")).toMatchObject({
      status: "ok",
      message: "The instance is in eu-central-1.",
    });
  });

  test("it is in neither: a warning", async () => {
    imds.setMetadata("placement/region", null);
    imds.setMetadata("dynamic/instance-identity/document", null);
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, region: "warning" });
    expect(finding(findings, "region").fix).toContain("AWS_REGION");
  });

  test("another page instead: a warning that does not quote it", async () => {
    imds.setMetadata("placement/region", "<h1>Welcome</h1>");
    const findings = await diagnose({});
    expect(statuses(findings)).toMatchObject({ ...HEALTHY, region: "warning" });
    expect(JSON.stringify(findings)).not.toContain("Welcome");
  });
});

describe("this machine's clock is", () => {
  test.each([
    [
      "ten minutes ahead",
      600_000,
      "fail",
      /is (599|600|601|602) s ahead of .* more than 5 minutes off \(S3: 15\)\./,
    ],
    ["a minute ahead", 60_000, "warning", /is (59|60|61|62) s ahead of the metadata service's\.$/],
    ["a minute behind", -60_000, "warning", /is (57|58|59|60|61) s behind the metadata service's\.$/],
    ["right", 0, "ok", /^This machine's clock (agrees with|is \d+ s ahead of) the metadata service's\.$/],
  ] as const)("%s", async (_, ahead, status, message) => {
    await using server = await listening(createServer(service({ date: () => Date.now() - ahead })));
    const clock = finding(await diagnose({ endpoint: server.endpoint }), "clock");
    expect(clock.status).toBe(status);
    expect(clock.message).toMatch(message);
  });

  test("so far ahead that the credentials seem to have expired: the clock is the one failure", async () => {
    const theirs = () => Date.now() - 10 * 3_600_000;
    await using server = await listening(
      createServer(service({ date: theirs, expiresAt: () => theirs() + 3_600_000 })),
    );
    const findings = await diagnose({ endpoint: server.endpoint });
    expect(expectOneFailure(findings).check).toBe("clock");
    expect(finding(findings, "credentials")).toMatchObject({
      status: "note",
      message: expect.stringContaining("ahead"),
    });
  });

  test("not known where responses have no date", async () => {
    await using server = await listening(createServer(service({ date: () => Number.NaN })));
    expect(finding(await diagnose({ endpoint: server.endpoint }), "clock").status).toBe("note");
  });
});

async function listening(server: Server): Promise<AsyncDisposable & { readonly endpoint: string }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) (server as HttpServer).closeAllConnections();
      }),
  };
}

interface ServiceOptions {
  readonly role?: string;
  readonly date?: () => number;
  readonly expiresAt?: () => number;
}

/** A metadata service with a clock and a role list of its own. */
function service({
  role = "app",
  date = Date.now,
  expiresAt = () => Date.now() + 6 * 3_600_000,
}: ServiceOptions) {
  const listener: RequestListener = ({ method, url = "" }, response) => {
    const now = new Date(date());
    response.sendDate = false;
    if (!Number.isNaN(now.getTime())) response.setHeader("Date", now.toUTCString());
    if (method === "PUT") {
      response.setHeader("x-aws-ec2-metadata-token-ttl-seconds", "21600");
      return response.end("a-session-token");
    }
    const path = decodeURIComponent(url).replace("/latest/meta-data/", "");
    if (path === "") return response.end("iam/\ninstance-id");
    if (path === "placement/region") return response.end("eu-central-1");
    if (path === "iam/security-credentials/") return response.end(role);
    if (path === `iam/security-credentials/${role}`) {
      const document = {
        Code: "Success",
        Type: "AWS-HMAC",
        AccessKeyId: "ASIAEXAMPLE",
        SecretAccessKey: "secret",
        Token: "session-token",
        Expiration: `${new Date(expiresAt()).toISOString().slice(0, 19)}Z`,
      };
      return response.end(JSON.stringify(document));
    }
    response.statusCode = 404;
    return response.end();
  };
  return listener;
}
