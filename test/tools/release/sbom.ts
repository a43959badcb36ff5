// npm run sbom: what comes with the package, in CycloneDX, on standard output. Needs a build, and no network.
//
// npm would leave out what is bundled, and with `--omit dev` also each dependency that a development dependency
// shares. So it is asked about a project that has nothing else.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundledPackages, shippedPackages } from "./shipped-packages.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const manifest: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
);
const bundled = bundledPackages(readFileSync(join(ROOT, "dist/THIRD_PARTY_LICENSES.txt"), "utf8"));
const shipped = shippedPackages(bundled);

const { name, version, description, license, author } = manifest;
const dependencies = Object.fromEntries(
  [...Object.keys(manifest.dependencies ?? {}), ...bundled].map((key) => [
    key,
    shipped.get(`node_modules/${key}`)?.version,
  ]),
);
const project = { name, version, description, license, author, dependencies };
const parts = [...shipped].map(([place, { ...entry }]) => [place, { ...entry, dev: undefined }]);
const lock = { name, version, lockfileVersion: 3, packages: { "": project, ...Object.fromEntries(parts) } };

const directory = mkdtempSync(join(tmpdir(), "sbom-"));
writeFileSync(join(directory, "package.json"), JSON.stringify(project));
writeFileSync(join(directory, "package-lock.json"), JSON.stringify(lock));
const args = [
  "sbom",
  "--sbom-format",
  "cyclonedx",
  "--sbom-type",
  "library",
  "--package-lock-only",
  "--offline",
];
const npm = spawnSync("npm", args, { cwd: directory, encoding: "utf8" });
rmSync(directory, { recursive: true });
if (npm.status !== 0) throw new Error(npm.stderr);

const document: { components: unknown[]; metadata: { component: { name: string } } } = JSON.parse(npm.stdout);
// npm takes the directory's name.
document.metadata.component.name = String(name);
if (document.components.length !== shipped.size) {
  throw new Error(`npm lists ${document.components.length} packages, ${shipped.size} are shipped`);
}
console.log(JSON.stringify(document, null, 2));
