import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The rows of the last table: promise, file and title. */
const rows = read("docs/refreshing.md")
  .split("## Every line and its test")[1]
  ?.matchAll(/^\| (?<promise>.+) \| `(?<file>[^`]+)` \| (?<title>.+) \|$/gm);

it.each(
  [...(rows ?? [])].map(({ groups }) => [groups?.promise ?? "", groups?.file ?? "", groups?.title ?? ""]),
)("%s: its test is where the documentation says", (_, file, title) => {
  expect(read(`test/${file}`)).toContain(title);
});
