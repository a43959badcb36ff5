import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { consumerProject, MANIFEST } from "../../support/packed-package.js";

const ROOT = resolve(import.meta.dirname, "../../..");
const EXAMPLES = join(ROOT, "docs/examples");

/** What is of interest in the manifest of an example. */
export interface ExampleManifest {
  readonly name: string;
  readonly private: boolean;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The names of all examples. */
export const EXAMPLE_NAMES: readonly string[] = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

export function manifestOf(example: string): ExampleManifest {
  return JSON.parse(readFileSync(join(EXAMPLES, example, "package.json"), "utf8"));
}

/** Everything that an example asks npm for. */
export function packagesOf({ dependencies, devDependencies }: ExampleManifest): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...dependencies, ...devDependencies }));
}

/**
 * An example as after `npm install`: the package as it would be published, and what else its manifest names.
 *
 * @returns the project's directory
 */
export async function exampleProject(example: string): Promise<string> {
  const others = [...packagesOf(manifestOf(example)).keys()].filter((name) => name !== MANIFEST.name);
  const project = await consumerProject(others);
  const commands = join(project, "node_modules/.bin");
  await mkdir(commands);
  for (const name of others) {
    for (const [command, file] of Object.entries(await commandsOf(name))) {
      await symlink(join(ROOT, "node_modules", name, file), join(commands, command));
    }
  }
  const filter = (path: string): boolean => !/\/(node_modules|dist)$/.test(path);
  await cp(join(EXAMPLES, example), project, { recursive: true, filter });
  return project;
}

async function commandsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const manifest = await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8");
  const { bin = {} }: { bin?: string | Record<string, string> } = JSON.parse(manifest);
  return typeof bin === "string" ? { [name]: bin } : bin;
}
