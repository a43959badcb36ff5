import { existsSync, readdirSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { consumerProject } from "../../support/packed-package.js";

/** The names of all packages in a `node_modules`. */
function packagesIn(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
    );
}

/**
 * A project in which the packed package and every package of the recipes are installed.
 *
 * @param replaced packages that are other ones than their names say
 * @returns the project's directory
 */
export async function recipeProject(replaced: Readonly<Record<string, string>> = {}): Promise<string> {
  const packages = inject("recipePackages");
  const project = await consumerProject(["typescript", "@types/node"]);
  const modules = join(project, "node_modules");
  for (const name of packagesIn(packages)) {
    const link = join(modules, name);
    if (existsSync(link) && replaced[name] === undefined) continue;
    await rm(link, { force: true });
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(packages, replaced[name] ?? name), link, "dir");
  }
  return project;
}
