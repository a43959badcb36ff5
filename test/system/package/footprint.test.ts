import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { MANIFEST, packedPackage } from "../../support/packed-package.js";

const ROOT = resolve(import.meta.dirname, "../../..");
/** What most file systems allocate at least for a file. */
const BLOCK = 4096;

interface Dependent {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** All that `npm install` brings along, by the manifests of what is installed here. */
function installedWith(
  { dependencies = {} }: Dependent,
  found: Set<string> = new Set(),
): ReadonlySet<string> {
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue;
    found.add(name);
    installedWith(JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")), found);
  }
  return found;
}

function bytesOnDisk(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .map((entry) => (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : BLOCK))
    .map((size) => Math.ceil(size / BLOCK) * BLOCK)
    .reduce((sum, size) => sum + size, 0);
}

test("README and the guide state what an installation consists of", async () => {
  const others = installedWith(MANIFEST);
  const directories = [...others].map((name) => join(ROOT, "node_modules", name));
  const bytes = [...directories, await packedPackage()].map(bytesOnDisk).reduce((sum, size) => sum + size, 0);

  for (const document of ["README.md", "docs/get-started.md"]) {
    const text = readFileSync(join(ROOT, document), "utf8");
    const [, packages, megabytes] = /it is (\d+) packages and (\d+) MB/.exec(text) ?? [];
    expect(Number(packages)).toBe(others.size + 1);
    // Each release of a dependency moves it a little.
    expect(Math.abs(Number(megabytes) - bytes / 1e6)).toBeLessThan(1.5);
  }
});

test("the package itself stays small", async () => {
  const directory = await packedPackage();
  const built = readdirSync(join(directory, "dist"))
    .map((name) => statSync(join(directory, "dist", name)).size)
    .reduce((sum, size) => sum + size, 0);

  expect(built).toBeLessThan(600_000);
});

test("it declares the Node versions that the README promises", () => {
  expect(MANIFEST.engines.node).toBe(">=20");
  expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain("Node 20 or later");
});
