import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The rows of the table: promise, file and title. */
const rows = [
  ...read("docs/refreshing-tests.md").matchAll(
    /^\| (?<promise>.+) \| `(?<file>[^`]+)` \| (?<title>.+) \|$/gm,
  ),
].map(({ groups }) => [groups?.promise ?? "", groups?.file ?? "", groups?.title ?? ""] as const);

it("the documentation has its table", () => {
  expect(rows.length).toBeGreaterThan(50);
});

it.each(rows)("%s: its test is where the documentation says", (_, file, title) => {
  expect(read(`test/${file}`)).toContain(title);
});
