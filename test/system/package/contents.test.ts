import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { expect, test } from "vitest";
import { packedPackage } from "../../support/packed-package.js";

const DOCUMENT = /^docs\/([a-z0-9-]+\/)*[A-Za-z0-9.-]+\.(md|svg)$/;
const OF_EXAMPLE = /^docs\/examples\/[a-z0-9-]+\/[a-z.-]+\.(js|ts|json)$/;

async function filesOfPackage(): Promise<string[]> {
  const directory = await packedPackage();
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

test("the package contains the built files, their types and the documents, and nothing else", async () => {
  const files = await filesOfPackage();

  expect(files.filter((name) => !DOCUMENT.test(name) && !OF_EXAMPLE.test(name)).sort()).toEqual([
    ".github/SECURITY.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist/THIRD_PARTY_LICENSES.txt",
    "dist/cli.js",
    "dist/index.cjs",
    "dist/index.d.cts",
    "dist/index.d.ts",
    "dist/index.js",
    "dist/testing.cjs",
    "dist/testing.d.cts",
    "dist/testing.d.ts",
    "dist/testing.js",
    "package.json",
  ]);
});

test("the documents are there, without what only the site needs", async () => {
  const documents = (await filesOfPackage()).filter((name) => name.startsWith("docs/"));

  expect(documents).toEqual(
    expect.arrayContaining(["docs/troubleshooting.md", "docs/examples/express-service/server.js"]),
  );
  expect(documents.filter((name) => /^docs\/(\.vitepress|api|index\.md|project|public)/.test(name))).toEqual(
    [],
  );
});

test("every link of a document in the package leads to a file in the package", async () => {
  const directory = await packedPackage();
  const files = new Set(await filesOfPackage());
  const dead: string[] = [];
  for (const document of [...files].filter((name) => name.endsWith(".md"))) {
    const text = readFileSync(join(directory, document), "utf8").replace(/^```.*?^```/gms, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      if (!files.has(posix.join(posix.dirname(document), link))) dead.push(`${document}: ${link}`);
    }
  }
  expect(dead).toEqual([]);
});

test("every document that a type, a message or a command names is in the package", async () => {
  const directory = await packedPackage();
  const files = await filesOfPackage();
  for (const file of files.filter((name) => name.startsWith("dist/"))) {
    const text = readFileSync(join(directory, file), "utf8");
    const named = text.match(/\b(?:docs|\.github)\/[A-Za-z0-9/-]+\.(?:md|svg)\b/g) ?? [];
    expect(named.filter((name) => !files.includes(name))).toEqual([]);
  }
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
