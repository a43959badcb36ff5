import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kept from run to run, outside the repository. */
const CACHE = process.env.FIT_CACHE ?? join(tmpdir(), "ec2-role-credentials-fit");

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/**
 * Installs packages from npm where they are no dependencies of this repository, unless they are there already.
 * Needs the network, so it is for a global setup: test processes are closed to it.
 *
 * @param name of the directory, to which a hash of the packages is added
 * @param packages as `npm install` takes them
 * @returns the directory that has them in its `node_modules`
 */
export function installOutside(name: string, packages: readonly string[]): string {
  return prepareOutside(`${name}-${shortHash(packages.join())}`, (directory) => {
    process.stdout.write(`installing ${packages.join(" ")}\n`);
    writeFileSync(join(directory, "package.json"), '{ "private": true }\n');
    const args = ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
    runOutside(directory, ["npm", ...args, ...packages]);
  });
}

/** Makes a directory that is kept from run to run, unless it is there already. */
export function prepareOutside(name: string, prepare: (directory: string) => void): string {
  const home = join(CACHE, name);
  if (existsSync(home)) return home;
  const building = `${home}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  prepare(building);
  // Whole or not at all: two runs may be at it.
  if (existsSync(home)) rmSync(building, { recursive: true });
  else renameSync(building, home);
  return home;
}

/** Runs a command that installs something; an error with its output if it fails. */
export function runOutside(
  cwd: string,
  [program = "", ...args]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): void {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(program, args, options);
  if (status !== 0)
    throw new Error(`${[program, ...args].join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
}
