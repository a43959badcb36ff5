import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "../../support/child-process.js";
import { findLeaks } from "../../support/leaks.js";
import { succeeded } from "../../support/programs.js";

const PROGRAM = join(import.meta.dirname, "scenarios.ts");

async function outputOf(...plants: string[]): Promise<{ output: string; secrets: string[] }> {
  const file = join(inject("runDirectory"), randomUUID());
  const child = await run(process.execPath, ["--import", "tsx", PROGRAM, file, ...plants], {
    cwd: import.meta.dirname,
  });
  const { stdout, stderr } = succeeded(child);
  return { output: stdout + stderr, secrets: JSON.parse(await readFile(file, "utf8")) };
}

test("no secret shows in any output, log line, error, event, status or inspection", {
  timeout: 120_000,
}, async () => {
  const { output, secrets } = await outputOf();

  // Every first load and every rotation has credentials and a token of its own.
  expect(secrets.length).toBeGreaterThan(300);
  expect(output).toContain("[INVALID_RESPONSE]");
  expect(output).toContain("[ROLE_NOT_ASSUMABLE]");
  expect(output).toContain("logger:");
  expect(output).toContain("durationMs");
  expect(findLeaks(output, secrets)).toEqual([]);
});

test.for([["in the log"], ["in an error's cause"], ["in a hidden property"]])(
  "the same search finds a secret that was planted %s",
  { timeout: 120_000 },
  async ([plant = ""]) => {
    const { output, secrets } = await outputOf(plant);

    expect(findLeaks(output, secrets)).not.toEqual([]);
  },
);
