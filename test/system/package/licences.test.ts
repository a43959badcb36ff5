import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { MANIFEST, packedPackage } from "../../support/packed-package.js";
import { bundledPackages, shippedPackages } from "../../tools/release/shipped-packages.js";

const ROOT = resolve(import.meta.dirname, "../../..");

/** They ask for nothing but their notice. */
const ALLOWED = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

test("whatever comes with the package is under a licence that asks for a notice alone", async () => {
  const notice = readFileSync(join(await packedPackage(), "dist/THIRD_PARTY_LICENSES.txt"), "utf8");
  const shipped = [...shippedPackages(bundledPackages(notice))];

  expect(shipped.map(([place]) => place)).toEqual(
    expect.arrayContaining([
      "node_modules/p-retry",
      ...Object.keys(MANIFEST.dependencies).map((name) => `node_modules/${name}`),
    ]),
  );
  expect(shipped.filter(([, { license = "none" }]) => !ALLOWED.has(license))).toEqual([]);
  // The lock file repeats the registry; the licence in the package itself counts.
  for (const [place, { license }] of shipped) {
    expect(JSON.parse(readFileSync(join(ROOT, place, "package.json"), "utf8"))).toMatchObject({ license });
  }
});
