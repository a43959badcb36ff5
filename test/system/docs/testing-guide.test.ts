import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { run } from "../../support/child-process.js";
import { snippetsOf, testTitles } from "./snippets.js";
import { JEST, NOTHING_SET, type Outcomes, outcomesOf, projectWith, VITEST } from "./test-runs.js";

const GUIDE = "docs/testing.md";
const OTHER_PROCESSES = "docs/testing-other-processes.md";

const file = (fileName: string) => {
  const [snippet, ...others] = [GUIDE, OTHER_PROCESSES]
    .flatMap(snippetsOf)
    .filter((one) => one.fileName === fileName);
  if (!snippet || others.length > 0) throw new Error(`the guide must have ${fileName} once`);
  return { ...snippet, fileName };
};

const titlesOf = (fileNames: readonly string[]): string[] =>
  fileNames.flatMap((name) => testTitles(file(name)));

/** What is left to show of tests that should all have passed: nothing of them, or why. */
function expectAllPassed(outcomes: Outcomes, titles: readonly string[]): void {
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(titles.map((title) => [title, "passed"])));
  expect(titles).not.toEqual([]);
}

/** The lines of the TAP output that tell how each test ended. */
async function nodeTestResults(project: string): Promise<string[]> {
  const args = ["--test", "--test-reporter=tap", "node-test.test.mjs"];
  const { stdout } = await run(process.execPath, args, { cwd: project, env: NOTHING_SET });
  return stdout.split("\n").filter((line) => /^(not )?ok /.test(line));
}

const noPython = spawnSync("python3", ["--version"]).status === 0 ? undefined : "there is no python3 here";

describe("the testing guide", () => {
  test("its vitest files pass in a project that has the package, msw and vitest", async () => {
    const tests = ["vitest.test.ts", "rotation.test.ts", "outage.test.ts", "instance.test.ts"];
    const project = await projectWith(
      ["msw", "vitest", "@aws-sdk/client-s3"],
      [...tests, "reports.ts"].map(file),
    );
    expectAllPassed(await outcomesOf(project, VITEST), titlesOf(tests));
  });

  test("its Python program gets the credentials, started by a vitest file", async ({ skip }) => {
    if (noPython) return skip(noPython);
    const project = await projectWith(["msw", "vitest"], ["child-process.test.ts", "key_id.py"].map(file));
    expectAllPassed(await outcomesOf(project, VITEST), titlesOf(["child-process.test.ts"]));
  });

  test("its file for node:test passes in a project that has the package alone", async () => {
    const project = await projectWith([], [file("node-test.test.mjs")]);
    expect(await nodeTestResults(project)).toEqual(
      titlesOf(["node-test.test.mjs"]).map((title, index) => `ok ${index + 1} - ${title}`),
    );
  });

  test("its Jest file in ES modules passes", async () => {
    const project = await projectWith(["jest"], [file("jest.test.mjs")]);
    const outcomes = await outcomesOf(project, ["--experimental-vm-modules", ...JEST]);
    expectAllPassed(outcomes, titlesOf(["jest.test.mjs"]));
  });

  test("its Jest file in CommonJS passes", async () => {
    const project = await projectWith(["jest"], [file("jest.test.cjs")]);
    expectAllPassed(await outcomesOf(project, JEST), titlesOf(["jest.test.cjs"]));
  });

  test("has no file that is not run here", () => {
    const names = snippetsOf(GUIDE).flatMap(({ fileName }) => fileName ?? []);
    expect(names.sort()).toEqual([
      "instance.test.ts",
      "jest.test.cjs",
      "jest.test.mjs",
      "node-test.test.mjs",
      "outage.test.ts",
      "reports.ts",
      "rotation.test.ts",
      "vitest.test.ts",
    ]);
  });
});
