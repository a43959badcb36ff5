import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { packedPackage } from "../../support/packed-package.js";

/** Chunks are named by their content; a name's hash is of no interest. */
const withoutHash = (name: string) => name.replace(/-[A-Z0-9]{8}(?=\.)/, "-HASH");

test("the package holds the built files, their types and maps, and the documents; nothing else", async () => {
  const directory = await packedPackage();
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => withoutHash(relative(directory, join(entry.parentPath, entry.name))));
  const chunk = /^dist\/[a-z-]+-HASH\.js(\.map)?$/;

  expect(files.filter((name) => !chunk.test(name)).sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist/THIRD_PARTY_LICENSES.txt",
    "dist/cli.js",
    "dist/index.cjs",
    "dist/index.cjs.map",
    "dist/index.d.cts",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/index.js.map",
    "dist/testing.cjs",
    "dist/testing.cjs.map",
    "dist/testing.d.cts",
    "dist/testing.d.ts",
    "dist/testing.js",
    "dist/testing.js.map",
    "package.json",
  ]);
});

test("every file that package.json points to is there", async () => {
  const directory = await packedPackage();
  const manifest = readFileSync(join(directory, "package.json"), "utf8");
  const targets = [...manifest.matchAll(/"\.\/(dist\/[^"*]+)"/g)].map(([, path = ""]) => path);

  expect(targets).toContain("dist/index.js");
  for (const target of targets) expect(() => readFileSync(join(directory, target))).not.toThrow();
});

test("the command starts with its interpreter", async () => {
  const directory = await packedPackage();
  expect(readFileSync(join(directory, "dist/cli.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});
