import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../support/child-process.js";

const ROOT = resolve(import.meta.dirname, "../../..");

test("the comparison with the SDK's provider is what a run of both prints", async () => {
  const args = ["--import", "tsx", "test/tools/compare/compare.ts"];
  const { exitCode, stdout, stderr } = await run(process.execPath, args, { cwd: ROOT });

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^\| first fetch \| 3 requests \| 3 requests \|$/m);
  expect(readFileSync(resolve(ROOT, "docs/comparison.md"), "utf8")).toContain(`\n\n${stdout.trim()}\n\n`);
});
