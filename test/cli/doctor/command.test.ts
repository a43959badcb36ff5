import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMockImds, type MockListener } from "../../../src/testing/index.js";

const CLI = fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url));
const run = promisify(execFile);

let listener: MockListener;
beforeAll(async () => {
  listener = await createMockImds().listen();
});
afterAll(() => listener.close());

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const doctor = (...args: string[]): Promise<Ended> =>
  run(process.execPath, ["--import", "tsx", CLI, "doctor", ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ended) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );

test.concurrent("all is well: exit status 0, plain text without colours where there is no terminal", async () => {
  const { code, stdout } = await doctor("--endpoint", listener.endpoint);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok +settings/);
  expect(stdout).toContain("All is well");
  expect(stdout).not.toContain("\x1b[");
});

test.concurrent("something is broken: exit status 1, and JSON for machines", async () => {
  const { code, stdout } = await doctor("--endpoint", `${listener.endpoint}/nowhere`, "--json");
  expect(code).toBe(1);
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({ verdict: "broken" });
  expect(report).toHaveProperty("findings");
});

test.concurrent.each([
  ["all is well", "", 0],
  ["something is broken", "/nowhere", 1],
] as const)(
  "nobody reads the output to its end: %s, and the exit status says so",
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
  ["an unknown option", ["--colour"], "--colour"],
  ["a bad endpoint, whose password is not told", ["--endpoint", "http://me:hunter2@host"], "endpoint"],
  ["a bad timeout", ["--timeout", "soon"], "timeout"],
] as const)("%s: exit status 2 and a hint", async (_, args, named) => {
  const { code, stderr } = await doctor(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(named);
  expect(stderr).not.toContain("hunter2");
});
