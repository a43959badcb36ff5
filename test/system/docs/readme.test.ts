import { expect, test } from "vitest";
import { testTitles, theSnippet } from "./snippets.js";
import { outcomesOf, projectWith, VITEST } from "./test-runs.js";

test("the README's test passes, copied into a project that has the package, msw and vitest", async () => {
  const snippet = theSnippet("README.md", ({ text }) => text.includes('"ec2-role-credentials/testing"'));
  const project = await projectWith(["msw", "vitest"], [{ ...snippet, fileName: "credentials.test.ts" }]);

  const outcomes = await outcomesOf(project, VITEST);

  expect([...outcomes]).toEqual([["a rotation is picked up", "passed"]]);
  expect(testTitles(snippet)).toEqual(["a rotation is picked up"]);
});
