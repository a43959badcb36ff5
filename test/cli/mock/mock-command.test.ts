import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runMock } from "../../../src/cli/mock/mock.js";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import { exchange, newToken, ROLES_PATH, readDocument } from "../../testing/client.js";

const COMMAND = fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url));

let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill("SIGKILL");
});

function start(...args: string[]) {
  const started = spawn(process.execPath, ["--import", "tsx", COMMAND, ...args], {
    env: CLEAN_ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  return started;
}

/** Runs a command that ends by itself. */
async function run(...args: string[]) {
  const started = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(started.stdout),
    text(started.stderr),
    once(started, "close"),
  ]);
  return { stdout, stderr, code };
}

/** Starts a mock on a free port. */
async function startMock(...args: string[]) {
  const started = start("mock", "--port", "0", ...args);
  const closed = once(started, "close");
  const stdout = collect(started.stdout, closed);
  const stderr = collect(started.stderr, closed);
  const [, endpoint = ""] = await stdout.until(/^export AWS_EC2_METADATA_SERVICE_ENDPOINT=(http:\S+\/)\n$/);
  const stop = async (signal: "SIGINT" | "SIGTERM") => {
    started.kill(signal);
    const [code] = await closed;
    return { code, log: stderr.text() };
  };
  const hangUp = () => {
    started.stdout.destroy();
    started.stderr.destroy();
  };
  return { endpoint, logged: stderr.until, stop, hangUp };
}

/** What a stream has brought so far. */
function collect(stream: Readable, closed: Promise<unknown>) {
  let received = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    received += chunk;
  });
  const until = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    for (;;) {
      const match = received.match(pattern);
      if (match) return match;
      const ended = await Promise.race([once(stream, "data").then(() => false), closed.then(() => true)]);
      if (ended && !pattern.test(received)) throw new Error(`ended after ${JSON.stringify(received)}`);
    }
  };
  return { text: () => received, until };
}

describe("ec2-role-credentials mock", () => {
  test("serves credentials at the endpoint that it prints, logs requests, and ends on Ctrl-C", async () => {
    const { endpoint, stop } = await startMock(
      "--role",
      "web-server",
      "--account",
      "210987654321",
      "--ttl",
      "900",
    );
    const token = await newToken(endpoint);
    const document = await readDocument(endpoint, "web-server");
    await exchange(endpoint, `${ROLES_PATH}?secret=s3cr3t`);

    const { code, log } = await stop("SIGINT");

    expect(code).toBe(0);
    expect(document).toMatchObject({ Code: "Success", AccountId: "210987654321" });
    const life = Date.parse(document.Expiration ?? "") - Date.parse(document.LastUpdated ?? "");
    expect(life).toBeGreaterThanOrEqual(900_000);
    expect(life).toBeLessThanOrEqual(901_000);
    const lines = log.trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual([
      `Mocked instance metadata at ${endpoint}: role web-server, credentials valid for 15 min.`,
      expect.stringMatching(/^Export the line above .* Ctrl-C or: kill \d+$/),
    ]);
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/Z PUT \/latest\/api\/token 200 \(token, no token\)$/),
      expect.stringMatching(/Z PUT \/latest\/api\/token 200 \(token, no token\)$/),
      expect.stringMatching(/Z GET \S+\/web-server 200 \(credentials, with a token\)$/),
      expect.stringMatching(/Z GET \S+\/security-credentials\/\?… 401 \(role, no token\)$/),
    ]);
    for (const secret of [token, document.SecretAccessKey, document.Token, "s3cr3t"])
      expect(log).not.toContain(secret);
  });

  test("ends cleanly on SIGTERM, though a request hangs", async () => {
    const { endpoint, logged, stop } = await startMock("--fail", "token:hang");
    const hung = newToken(endpoint).catch((error) => error.code);
    await logged(/PUT \/latest\/api\/token no answer/);

    const { code } = await stop("SIGTERM");

    expect(code).toBe(0);
    expect(await hung).toBe("ECONNRESET");
  });

  test("serves on and ends when told to, though its log is not read", async () => {
    const started = start("mock", "--port", "0");
    const exited = once(started, "exit");
    const stdout = collect(started.stdout, exited);
    const [, endpoint = ""] = await stdout.until(/^export AWS_EC2_METADATA_SERVICE_ENDPOINT=(http:\S+\/)\n$/);
    // More than a pipe, and what is read ahead of it, can take.
    const path = `/${"x".repeat(15_000)}`;
    for (let asked = 0; asked < 40; asked += 1)
      expect(await exchange(endpoint, path)).toMatchObject({ status: 401 });

    started.kill("SIGTERM");

    expect(await exited).toEqual([0, null]);
  });

  test("serves on when the reader of its output is gone", async () => {
    const { endpoint, stop, hangUp } = await startMock();
    hangUp();
    for (let asked = 0; asked < 3; asked += 1)
      expect(await exchange(endpoint, "/")).toMatchObject({ status: 401 });

    expect(await stop("SIGINT")).toMatchObject({ code: 0 });
  });

  test("fails, slows down and throttles as told", async () => {
    const { endpoint, stop } = await startMock(
      ...["--imdsv1", "--region", "eu-west-3", "--rotate-every", "3600"],
      ...["--fail", "role:503:1:1", "--fail", "credentials:garbage:always", "--delay", "metadata:1"],
      ...["--throttle", "1000000:429"],
    );
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1) statuses.push((await exchange(endpoint, ROLES_PATH)).status);
    const garbage = [];
    for (let asked = 0; asked < 2; asked += 1)
      garbage.push((await exchange(endpoint, `${ROLES_PATH}mock-role`)).body);
    const region = await exchange(endpoint, "/latest/meta-data/placement/region");
    await stop("SIGINT");

    expect(statuses).toEqual([200, 503, 200]);
    for (const body of garbage) expect(() => JSON.parse(body)).toThrow();
    expect(region.body).toBe("eu-west-3");
  });

  test("serves metadata and user data that were given", async () => {
    const { endpoint, stop } = await startMock(
      ...["--imdsv1", "--user-data", COMMAND, "--metadata", "a/b=c=d", "--metadata", "instance-type="],
    );
    const bodies = [];
    for (const path of ["meta-data/a/b", "meta-data/instance-type", "user-data"])
      bodies.push((await exchange(endpoint, `/latest/${path}`)).body);
    await stop("SIGINT");

    expect(bodies).toEqual(["c=d", "", await readFile(COMMAND, "utf8")]);
  });

  test("is driven by other processes with --control", async () => {
    const { endpoint, stop } = await startMock("--control", "--imdsv1");
    await fetch(`${endpoint}_mock/attach-role`, { method: "POST", body: '{"name":"other-role"}' });
    const role = await exchange(endpoint, ROLES_PATH);
    const { log } = await stop("SIGINT");

    expect(role.body).toBe("other-role");
    expect(log).toContain(`Control it below ${endpoint}_mock/\n`);
    expect(log).toMatch(/Z POST \/_mock\/attach-role 200 \(control\)$/m);
  });

  test("serves an instance without a role", async () => {
    const { endpoint, stop } = await startMock("--no-role", "--imdsv1");
    const { status } = await exchange(endpoint, ROLES_PATH);
    await stop("SIGINT");

    expect(status).toBe(404);
  });

  test("refuses a port that is in use, and says so", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";

    const { code, stderr, stdout } = await run("mock", "--port", port);
    taken.close();

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
    expect(stderr).not.toContain("    at ");
  });

  test("takes no address that others reach unless that is spelled out", async () => {
    const { code, stderr } = await run("mock", "--host", "0.0.0.0", "--port", "0");

    expect(code).toBe(2);
    expect(stderr).toContain("--expose-to-network");
  });

  test.for([
    [["--port", "http"], "--port must be"],
    [["--port", "70000"], "--port must be"],
    [["--port", "0x10"], "--port must be"],
    [["--port", "1e3"], "--port must be"],
    [["--port", " 80"], "--port must be"],
    [["--ttl", "-5"], "--ttl"],
    [["--ttl=-5"], "--ttl must be"],
    [["--ttl", ""], "--ttl must be"],
    [["--ttl", "0"], "--ttl must be"],
    [["--ttl", "0x10"], "--ttl must be"],
    [["--ttl", "1.5"], "--ttl must be"],
    [["--ttl", "500ms"], "--ttl must be"],
    [["--ttl", "6 h"], "--ttl must be"],
    [["--ttl", "1d"], "--ttl must be"],
    [["--rotate-every", "never"], "--rotate-every must be"],
    [["--rotate-every", "0"], "--rotate-every must be"],
    [["--rotate-every", "0x10"], "--rotate-every must be"],
    [["--ttl", "30", "--rotate-every", "60"], "--rotate-every 60 is longer than --ttl 30"],
    [["--rotate-every", "7h"], "--rotate-every 7h is longer than the 6 h"],
    [["--role", "a b"], "--role must be a role's name"],
    [["--role", "a", "--no-role"], "--no-role"],
    [["--account", "1"], "--account must be twelve digits"],
    [["--region", ""], "--region must be"],
    [["--metadata", "instance-type"], "--metadata must be PATH=VALUE"],
    [["--metadata", "=x"], "--metadata path must be"],
    [["--metadata", "../x=y"], "--metadata path must be"],
    [["--user-data", "/nonexistent/file"], "--user-data /nonexistent/file cannot be read (ENOENT)"],
    [["--user-data", "/"], "--user-data / cannot be read (EISDIR)"],
    [["--expose-to-network"], "--host"],
    [["--host", "0.0.0.0", "--expose-to-network", "--control"], "--control is for loopback"],
    [["--fail", "token"], "--fail token: must be"],
    [["--fail", "tokens:503"], "--fail tokens:503: STEP must be"],
    [["--fail", "token:explode"], "--fail token:explode: WHAT must be"],
    [["--fail", "token:999"], "--fail token:999: WHAT must be"],
    [["--fail", "token:503:0"], "--fail token:503:0: TIMES must be"],
    [["--fail", "token:503:0x10"], "--fail token:503:0x10: TIMES must be"],
    [["--fail", "token:503:1:x"], "--fail token:503:1:x: AFTER must be"],
    [["--fail", "token:503:1:0:0"], "--fail token:503:1:0:0: must be"],
    [["--delay", "soon"], "--delay soon: must be"],
    [["--delay", "tokens:1"], "--delay tokens:1: must be"],
    [["--delay", "9999h"], "--delay 9999h: must be"],
    [["--throttle", "5"], "--throttle 5: must be"],
    [["--throttle", "x:429"], "--throttle x:429: must be"],
    [["--throttle", "0x5:429"], "--throttle 0x5:429: must be"],
    [["--bogus"], "--bogus"],
    [["extra"], "extra"],
  ] as const)(
    "says which argument it does not understand, in the flag's words: %j",
    async ([args, named]) => {
      const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);

      expect(await runMock([...args])).toBe(2);

      const complaint = stderr.mock.calls.join("");
      expect(complaint).toContain(named);
      expect(complaint).not.toMatch(
        / {4}at |NaN|credentialsTtlSeconds|rotateEverySeconds|roleName|accountId/,
      );
    },
  );

  test("explains its options", async () => {
    const { code, stdout } = await run("mock", "--help");

    expect(code).toBe(0);
    const flags = [
      "port",
      "role",
      "ttl",
      "rotate-every",
      "account",
      "region",
      "metadata",
      "user-data",
      "imdsv1",
    ];
    for (const flag of [...flags, "fail", "delay", "throttle", "control"]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });
});
