import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { inject } from "vitest";
import { run } from "./child-process.js";

const ROOT = resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
}

export const MANIFEST: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/**
 * The package as it would be published: built, packed and unpacked again, once a run, for the test that asks first and all others.
 * It is built from a copy, so that no other build gets in its way.
 *
 * @returns the directory of the unpacked package
 */
export async function packedPackage(): Promise<string> {
  const home = join(inject("runDirectory"), "packed");
  const done = join(home, "package");
  const failed = join(home, "failed");
  try {
    await mkdir(home);
  } catch {
    while (!existsSync(done) && !existsSync(failed)) await wait(50);
    if (existsSync(failed)) throw new Error(await readFile(failed, "utf8"));
    return done;
  }
  try {
    await rename(await buildAndPack(home), done);
    return done;
  } catch (error) {
    await writeFile(failed, String(error));
    throw error;
  }
}

/** What `noExternal` in tsup.config.ts names. */
const BUNDLED: ReadonlySet<string> = new Set(["p-retry", "is-network-error"]);
/** What generates the site of the documents, and what was generated: neither is packed. */
const SITE = /\/docs\/(\.vitepress|api)$/;
const NEEDED_TO_BUILD = ["package.json", "tsconfig.json", "tsup.config.ts", "src"];

async function buildAndPack(home: string): Promise<string> {
  const project = join(home, "project");
  const unpacked = join(home, "unpacked");
  await mkdir(project);
  await mkdir(unpacked);
  const documents = MANIFEST.files.filter((file) => file !== "dist" && existsSync(join(ROOT, file)));
  for (const file of [...NEEDED_TO_BUILD, ...documents]) {
    await cp(join(ROOT, file), join(project, file), { recursive: true, filter: (path) => !SITE.test(path) });
  }
  await installInto(project);
  await must(project, process.execPath, ["node_modules/tsup/dist/cli-default.js", "--silent"]);
  await must(project, "npm", ["pack", "--ignore-scripts", "--offline", "--pack-destination", home]);
  const tarball = join(home, `${MANIFEST.name}-${MANIFEST.version}.tgz`);
  await must(home, "tar", ["-xzf", tarball, "-C", unpacked]);
  return join(unpacked, "package");
}

/** As if the project had been installed: linked, but what goes into the bundle, whose path then shows in its map. */
async function installInto(project: string): Promise<void> {
  const modules = join(project, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    const [from, to] = [join(ROOT, "node_modules", name), join(modules, name)];
    if (BUNDLED.has(name)) await cp(from, to, { recursive: true });
    else await symlink(from, to);
  }
}

async function must(cwd: string, command: string, args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await run(command, args, { cwd });
  if (exitCode !== 0) throw new Error(`${command} ${args.join(" ")} failed\n${stdout}\n${stderr}`);
}

/**
 * A project of a user who installed the package: in it resolve the package, its dependencies and, of this
 * repository's other packages, those in `alsoInstalled`; nothing else.
 *
 * @returns the project's directory
 */
export async function consumerProject(alsoInstalled: readonly string[] = []): Promise<string> {
  const unpacked = await packedPackage();
  const project = await mkdtemp(join(inject("runDirectory"), "consumer-"));
  const modules = join(project, "node_modules");
  for (const name of [...Object.keys(MANIFEST.dependencies), ...alsoInstalled]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name), "dir");
  }
  // Copied, not linked: Node resolves a package's own imports from where it really is.
  await cp(unpacked, join(modules, MANIFEST.name), { recursive: true });
  return project;
}
