import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { prepareOutside, runOutside } from "../../support/installed-outside.js";

const MANIFEST = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../package.json"), "utf8"));

/** What a project with the library and an SDK client depends on, without the library itself. */
export const SEED_DEPENDENCIES: Readonly<Record<string, string>> = {
  ...MANIFEST.dependencies,
  "@aws-sdk/client-s3": MANIFEST.devDependencies["@aws-sdk/client-s3"],
};

/** Package managers that let a package load what it declares, and nothing else. */
export type StrictManager = "pnpm" | "yarn";

/** The command that installs a project from the stores in `home`. */
export function installCommand(manager: StrictManager, packages: string, home: string): readonly string[] {
  if (manager === "yarn")
    return [process.execPath, join(packages, "@yarnpkg/cli-dist/bin/yarn.js"), "install"];
  const stores = ["--store-dir", join(home, "pnpm-store"), "--cache-dir", join(home, "pnpm-cache")];
  return [process.execPath, join(packages, "pnpm/bin/pnpm.mjs"), "install", "--ignore-workspace", ...stores];
}

/** Yarn's settings, whatever is set on this machine. */
export const yarnSettings = (home: string): string =>
  `nodeLinker: pnp\nenableGlobalCache: true\nenableTelemetry: false\nenableImmutableInstalls: false\nglobalFolder: ${join(home, "yarn")}\n`;

/** Installs the dependencies once with each manager, from the registry that npm has. */
export function seedStrictStores(packages: string): string {
  const name = `strict-stores-${Object.values(SEED_DEPENDENCIES)
    .join("_")
    .replace(/[^\w.]/g, "")}`;
  return prepareOutside(name, (home) => {
    const registry = spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).stdout.trim();
    const env = { YARN_NPM_REGISTRY_SERVER: registry, YARN_UNSAFE_HTTP_WHITELIST: "*" };
    for (const manager of ["pnpm", "yarn"] as const) {
      const directory = join(home, `${manager}-seed`);
      mkdirSync(directory);
      const manifest = { private: true, dependencies: SEED_DEPENDENCIES };
      writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
      writeFileSync(join(directory, "yarn.lock"), "");
      writeFileSync(join(directory, ".yarnrc.yml"), yarnSettings(home));
      runOutside(directory, installCommand(manager, packages, home), env);
    }
  });
}
