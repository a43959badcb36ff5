import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createMockImds, type MockImds, type MockListener } from "../../../src/testing/index.js";

const CLI = fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url));
const run = promisify(execFile);

let imds: MockImds;
let listener: MockListener;
beforeAll(async () => {
  imds = createMockImds({ roleName: "app" });
  listener = await imds.listen();
});
afterAll(() => listener.close());

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const command = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  run(process.execPath, ["--import", "tsx", CLI, ...args], { env: { ...process.env, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ended) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );

const doctor = (...args: string[]): Promise<Ended> => command(["doctor", ...args]);

test.concurrent("a healthy instance: exit status 0, plain text without colours where there is no terminal", async () => {
  const { code, stdout } = await doctor("--endpoint", listener.endpoint);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^note +settings/);
  expect(stdout).toMatch(/This machine gets the instance role's credentials\.\n$/);
  expect(stdout).not.toContain("\x1b[");
});

test.concurrent("a check failed: exit status 1, and JSON for machines", async () => {
  const { code, stdout } = await doctor("--endpoint", `${listener.endpoint}/nowhere`, "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    status: "fail",
    doThisFirst: expect.stringContaining("has a path"),
  });
});

describe("each flag has its effect", () => {
  const checkOf = async (check: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await command(["doctor", "--json", ...args], env);
    const report: { findings: { check: string; status: string; message: string }[] } = JSON.parse(stdout);
    return report.findings.filter((one) => one.check === check);
  };

  test.concurrent("--endpoint, over the environment", async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9" };
    expect(await checkOf("connection", ["--endpoint", listener.endpoint], env)).toMatchObject([
      { status: "ok", message: `The metadata service answers at ${listener.endpoint}.` },
    ]);
  });

  test.concurrent("--role: another role than the one that is attached is not found", async () => {
    const args = ["--endpoint", listener.endpoint, "--role"];
    expect(await checkOf("role", [...args, "app"])).toMatchObject([{ status: "ok" }]);
    expect(await checkOf("role", [...args, "other"])).toMatchObject([{ status: "fail" }]);
  });

  test.concurrent("--profile: its endpoint is used", async () => {
    const file = join(inject("runDirectory"), "config-of-doctor");
    await writeFile(file, `[profile mine]\nec2_metadata_service_endpoint = ${listener.endpoint}\n`);
    const env = { AWS_CONFIG_FILE: file, AWS_PROFILE: "" };
    expect(await checkOf("connection", ["--profile", "mine"], env)).toMatchObject([
      { message: `The metadata service answers at ${listener.endpoint}.` },
    ]);
  });

  test.concurrent("--timeout: a service that is slower fails", async () => {
    const slow = createMockImds();
    slow.delay(2000, "token");
    await using listening = await slow.listen();
    const args = ["--endpoint", listening.endpoint, "--timeout"];
    const env = { AWS_METADATA_SERVICE_NUM_ATTEMPTS: "1" };
    expect(await checkOf("session token", [...args, "200"], env)).toMatchObject([{ status: "fail" }]);
    expect(await checkOf("session token", [...args, "60000"], env)).toMatchObject([{ status: "ok" }]);
  });
});

test.concurrent.each([
  ["a healthy instance", "", 0],
  ["a check failed", "/nowhere", 1],
] as const)(
  "the output is not read to its end: %s, and the exit status stays the same",
  async (_, folder, status) => {
    const args = ["--import", "tsx", CLI, "doctor", "--endpoint", listener.endpoint + folder];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect({ code, stderr }).toEqual({ code: status, stderr: "" });
  },
);

test.concurrent("the output cannot be written: one line says why, and the exit status is 1", async () => {
  const args = ["--import", "tsx", CLI, "doctor", "--endpoint", listener.endpoint];
  const readOnly = openSync(CLI, "r");
  const child = spawn(process.execPath, args, { stdio: ["ignore", readOnly, "pipe"] });
  closeSync(readOnly);
  const { stderr: written } = child as { stderr: Readable };
  const [stderr, [code]] = await Promise.all([text(written), once(child, "exit")]);
  expect(stderr).toMatch(/^ec2-role-credentials: the output could not be written \([A-Z]+\)\n$/);
  expect(code).toBe(1);
});

test.concurrent.each([
  ["an unknown flag", ["--colour"], "There is no option --colour.\n"],
  [
    "a mistyped flag",
    ["--endpont", "http://127.0.0.1"],
    "There is no option --endpont. Did you mean --endpoint?\n",
  ],
  ["a mistyped flag with its value", ["--rol=app"], "There is no option --rol. Did you mean --role?\n"],
  [
    "a bad endpoint, without its password",
    ["--endpoint", "http://me:hunter2@host"],
    "--endpoint must be a URL without",
  ],
  ["a bad timeout", ["--timeout", "soon"], "--timeout must be a number of milliseconds"],
  ["a timeout of 0", ["--timeout", "0"], "--timeout must be more than 0"],
  ["a bad role name", ["--role", "a b"], "--role must be a role's name"],
  [
    "a mistyped code",
    ["--explain", "IMDS_TIMOUT"],
    "There is no code IMDS_TIMOUT. Did you mean IMDS_TIMEOUT?",
  ],
] as const)("%s: exit status 2, in the words of the flag", async (_, args, complaint) => {
  const { code, stderr } = await doctor(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(`ec2-role-credentials doctor: ${complaint}`);
  expect(stderr).not.toContain("hunter2");
});

describe("the command itself", () => {
  test.concurrent.each([
    [["dcotor"], 'There is no command "dcotor". Did you mean doctor?'],
    [["server"], 'There is no command "server". Did you mean serve?'],
    [["deploy"], 'There is no command "deploy".\n'],
    [["--verison"], "There is no option --verison. Did you mean --version?"],
    [[], "A command is missing."],
  ] as const)("%j: exit status 2, and the commands", async (args, complaint) => {
    const { code, stderr } = await command(args);
    expect(code).toBe(2);
    expect(stderr).toContain(complaint);
    expect(stderr).toMatch(/^ {2}doctor {5}\S/m);
  });

  test.concurrent.each([[["--help"]], [["doctor", "--help"]]] as const)(
    "%j fits into 80 columns",
    async (args) => {
      const { code, stdout } = await command(args);
      expect(code).toBe(0);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    },
  );
});
