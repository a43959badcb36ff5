import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { FIGURES } from "../../tools/bench/figures.js";
import { shown } from "../../tools/bench/rows.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));

const PAGES = ["README.md", "CHANGELOG.md", ...markdownIn("docs"), ...markdownIn(".github")];
const SCRIPTS = Object.keys(JSON.parse(read("package.json")).scripts);

/** Files and folders of this repository, as a page names them in code or in a table. */
const PATH = /(?<![\w./-])(?:src|test|docs|\.ci|\.github)\/[\w./-]*[\w-]/g;
/** Made by a command that the page also names. */
const BUILT = ["docs/.vitepress/dist"];

const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([whole, name]) => name ?? whole);

describe.each(PAGES)("%s names", (page) => {
  test("files and folders that are there", () => {
    expect(
      found(read(page), PATH).filter((path) => !BUILT.includes(path) && !existsSync(join(ROOT, path))),
    ).toEqual([]);
  });

  test("npm scripts that are there", () => {
    const names = found(read(page), /npm run (?:-s |--silent )?([\w:]+)/g);
    expect(names.filter((name) => !SCRIPTS.includes(name))).toEqual([]);
  });
});

test("the figures of the benchmarks are those that the gate goes by", () => {
  const rows = found(read("docs/benchmarks.md"), /^(\| .* \|)$/gm).slice(2);
  expect(rows).toEqual(
    FIGURES.map(([{ what, unit, documented }]) => `| ${what} | ${shown(documented, unit)} |`),
  );
});
