import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { CLEAN_ENVIRONMENT, run } from "../../support/child-process.js";
import { exchange, ROLES_PATH } from "../../testing/client.js";

const MOCK = [
  "--import",
  "tsx",
  fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url)),
  "mock",
];

const mock = (...args: string[]) => run(process.execPath, [...MOCK, ...args]);
const node = (script: string): string[] => [process.execPath, "-e", script];

/** Prints the role that is served where the variable says, as far as a client of three lines finds it. */
const PRINT_ROLE = `
  const base = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  fetch(base + "latest/api/token", { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" } })
    .then((response) => response.text())
    .then((token) => fetch(base + "latest/meta-data/iam/security-credentials/", { headers: { "x-aws-ec2-metadata-token": token } }))
    .then((response) => response.text()).then((role) => console.log(role));`;

/** Starts a mock with a command that prints where the mock is and then waits for a signal. */
async function started(script = "") {
  const waiting = `${script}; console.log(process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, [...MOCK, "--", ...node(waiting)], {
    env: CLEAN_ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: endpoint = "" } = await lines.next();
  return { child, exited, endpoint, errors: text(child.stderr) };
}

const isFreed = (endpoint: string) =>
  expect(exchange(endpoint, ROLES_PATH)).rejects.toMatchObject({ code: "ECONNREFUSED" });

test("a command finds the mock, and its output is all there is", async () => {
  expect(await mock("--role", "web-server", "--", ...node(PRINT_ROLE))).toEqual({
    exitCode: 0,
    signal: null,
    stdout: "web-server\n",
    stderr: "",
  });
});

test("the exit status is the command's, and its arguments are its own", async () => {
  const script = "console.log(process.argv.slice(1).join()); process.exitCode = 7";

  const { exitCode, stdout } = await mock("--", ...node(script), "--", "--port", "x");

  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: "--port,x\n" });
});

test.for(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s is passed on, and the port is freed",
  async (signal) => {
    const handler = `process.on("${signal}", () => process.exit(42))`;
    const { child, exited, endpoint } = await started(handler);
    expect(await exchange(endpoint, ROLES_PATH)).toMatchObject({ status: 401 });

    child.kill(signal);

    expect(await exited).toEqual([42, null]);
    await isFreed(endpoint);
  },
);

test("a command that a signal ends is reported as in a shell", async () => {
  const { child, exited, endpoint } = await started();

  child.kill("SIGTERM");

  expect(await exited).toEqual([128 + 15, null]);
  await isFreed(endpoint);
});

test.for([["alone", []] as const, ["with a command", ["--", "sleep", "600"]] as const])(
  "a mock that npx has started ends with the shell of npx: %s",
  async ([, command]) => {
    const reserved = createServer().listen(0, "127.0.0.1");
    await once(reserved, "listening");
    const { port } = reserved.address() as AddressInfo;
    await new Promise((resolve) => reserved.close(resolve));
    const line = [process.execPath, ...MOCK, "--port", String(port), ...command];
    // The second command keeps the shell from becoming the first.
    const shell = spawn("sh", ["-c", '"$@"; true', "sh", ...line], {
      env: { ...CLEAN_ENVIRONMENT, npm_lifecycle_event: "npx" },
      stdio: "ignore",
    });
    onTestFinished(() => void shell.kill("SIGKILL"));
    const endpoint = `http://127.0.0.1:${port}`;
    const isServed = () =>
      exchange(endpoint, ROLES_PATH).then(
        ({ status }) => status === 401,
        () => false,
      );
    await vi.waitUntil(isServed, { timeout: 120_000, interval: 50 });

    shell.kill("SIGTERM");

    await vi.waitUntil(async () => !(await isServed()), { timeout: 120_000, interval: 50 });
    await isFreed(endpoint);
  },
);

test("a command that is not there is 127, and the mock is gone", async () => {
  const { exitCode, stderr } = await mock("--", "/nonexistent/command");

  expect(exitCode).toBe(127);
  expect(stderr).toContain("/nonexistent/command");
});

test("two of them run side by side, each with a free port", async () => {
  const [one, other] = await Promise.all([started(), started()]);

  expect(one.endpoint).not.toBe(other.endpoint);
  for (const { child, exited } of [one, other]) {
    child.kill("SIGTERM");
    await exited;
  }
});

test("a switch that keeps clients from asking is pointed out", async () => {
  const { stderr } = await run(process.execPath, [...MOCK, "--", ...node("0")], {
    env: { AWS_EC2_METADATA_DISABLED: "true" },
  });

  expect(stderr).toContain("AWS_EC2_METADATA_DISABLED=true is set");
});
