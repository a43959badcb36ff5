import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const SRC = join(ROOT, "src");

/** From the top down; folders on one line are side by side. `src/index.ts` is above all of them. */
const LAYERS: readonly (readonly string[])[] = [
  ["cli"],
  ["testing"],
  ["provider"],
  ["cache"],
  ["imds"],
  ["http"],
  ["config"],
  ["runtime"],
  ["errors"],
];

/** What lies below and is out of bounds all the same. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  // The cache refreshes credentials of any source.
  cache: ["imds", "http"],
};

/** Folders of `test` that are about no folder of `src`. */
const TEST_FOLDERS = ["support", "system", "tools"];

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

const foldersOf = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

const filesOf = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(path, join(entry.parentPath, entry.name)));

const folderOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : "");

interface Import {
  readonly file: string;
  readonly imported: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), "utf8");
  return [...text.matchAll(IMPORT)].map(([, specifier = ""]) => {
    const imported = relative(SRC, resolve(SRC, dirname(file), specifier));
    return { file, imported: imported.replace(/\.js$/, ".ts") };
  });
}

const rankOf = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder));

function isAllowed({ file, imported }: Import): boolean {
  const [from, to] = [folderOf(file), folderOf(imported)];
  if (from === "" || from === to) return true;
  return rankOf(from) < rankOf(to) && !FORBIDDEN[from]?.includes(to);
}

const IMPORTS = filesOf(SRC).flatMap(importsOf);

test("every folder of src is a layer", () => {
  expect(foldersOf(SRC)).toEqual(LAYERS.flat().sort());
  expect(filesOf(SRC).filter((file) => folderOf(file) === "")).toEqual(["index.ts"]);
});

test("a folder of src imports only from the layers below it", () => {
  expect(IMPORTS.length).toBeGreaterThan(100);
  const violations = IMPORTS.filter((each) => !isAllowed(each));
  expect(violations.map(({ file, imported }) => `${file} imports ${imported}`)).toEqual([]);
});

test("no files of src import each other in a circle", () => {
  const importedBy = new Map(filesOf(SRC).map((file) => [file, importsOf(file)]));
  const finished = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" > "));
    if (finished.has(file) || path.includes(file)) return;
    for (const { imported } of importedBy.get(file) ?? []) walk(imported, [...path, file]);
    finished.add(file);
  };
  for (const file of importedBy.keys()) walk(file, []);
  expect(circles).toEqual([]);
});

test("test mirrors src", () => {
  const tested = foldersOf(join(ROOT, "test")).filter((folder) => !TEST_FOLDERS.includes(folder));
  expect(tested.filter((folder) => !existsSync(join(SRC, folder)))).toEqual([]);
  expect(tested).toEqual(expect.arrayContaining(["cache", "cli", "config", "errors", "http", "imds"]));
});
