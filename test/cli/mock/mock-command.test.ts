import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
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
  const [, endpoint = ""] = await stdout.until(/^export AWS_EC2_METADATA_SERVICE_ENDPOINT=(http:\S+)\n$/);
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
    expect(log.trimEnd().split("\n")).toEqual([
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

  test("serves on and ends when told to, though nobody reads its log", async () => {
    const started = start("mock", "--port", "0");
    const exited = once(started, "exit");
    const stdout = collect(started.stdout, exited);
    const [, endpoint = ""] = await stdout.until(/^export AWS_EC2_METADATA_SERVICE_ENDPOINT=(http:\S+)\n$/);
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
    [["--port", "http"], "--port"],
    [["--port", "70000"], "--port"],
    [["--ttl", "-5"], "--ttl"],
    [["--ttl=-5"], "--ttl"],
    [["--ttl", ""], "--ttl"],
    [["--role", "a b"], "--role"],
    [["--role", "a", "--no-role"], "--no-role"],
    [["--account", "1"], "--account"],
    [["--rotate-every", "never"], "--rotate-every"],
    [["--region", ""], "--region"],
    [["--expose-to-network"], "--host"],
    [["--fail", "token"], "--fail token"],
    [["--fail", "tokens:503"], "--fail tokens:503"],
    [["--fail", "token:explode"], "--fail token:explode"],
    [["--fail", "token:999"], "--fail token:999"],
    [["--fail", "token:503:0"], "--fail token:503:0"],
    [["--fail", "token:503:1:x"], "--fail token:503:1:x"],
    [["--fail", "token:503:1:0:0"], "--fail token:503:1:0:0"],
    [["--delay", "soon"], "--delay soon"],
    [["--delay", "tokens:1"], "--delay tokens:1"],
    [["--throttle", "5"], "--throttle 5"],
    [["--throttle", "x:429"], "--throttle x:429"],
    [["--bogus"], "--bogus"],
    [["extra"], "extra"],
  ] as const)("says which argument it does not understand: %j", async ([args, named]) => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);

    expect(await runMock([...args])).toBe(2);

    expect(stderr.mock.calls.join("")).toContain(named);
    expect(stderr.mock.calls.join("")).not.toContain("    at ");
  });

  test("explains its options", async () => {
    const { code, stdout } = await run("mock", "--help");

    expect(code).toBe(0);
    for (const flag of ["port", "role", "ttl", "rotate-every", "account", "region", "imdsv1", "fail"]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });
});
