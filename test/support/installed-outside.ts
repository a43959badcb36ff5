import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Kept from run to run, outside the repository. */
const CACHE = process.env.FIT_CACHE ?? join(tmpdir(), "ec2-role-credentials-fit");

/**
 * Installs packages from npm where they are no dependencies of this repository, unless they are there already.
 * Needs the network, so it is for a global setup: test processes are closed to it.
 *
 * @param name of the directory, another one for other packages
 * @param packages as `npm install` takes them
 * @returns the directory that has them in its `node_modules`
 */
export function installOutside(name: string, packages: readonly string[]): string {
  const home = join(CACHE, name);
  if (existsSync(home)) return home;
  process.stdout.write(`installing ${packages.join(" ")}\n`);
  const building = `${home}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  writeFileSync(join(building, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr } = spawnSync("npm", [...args, ...packages], { cwd: building, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm could not install ${packages.join(" ")}:\n${stderr}`);
  // Whole or not at all: two runs may be at it.
  if (existsSync(home)) rmSync(building, { recursive: true });
  else renameSync(building, home);
  return home;
}
