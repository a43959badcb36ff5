import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

/** Every line of Node that the tests of proxies are about; each is the newest that npm's package `node` has. */
const MAJORS = [20, 22, 24, 26] as const;

export interface NodeVersion {
  readonly major: number;
  readonly path: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    /** One Node of each line, or why there is none. */
    nodes: readonly NodeVersion[];
  }
}

/** Kept from run to run, outside the repository. */
const CACHE = process.env.NODE_VERSIONS_CACHE ?? join(tmpdir(), "ec2-role-credentials-nodes");

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  provide(
    "nodes",
    MAJORS.map((major) => ({ major, path: install(major) })),
  );
}

function install(major: number): string {
  const home = join(CACHE, String(major));
  const node = join(home, "node_modules/node/bin/node");
  if (existsSync(node)) return node;
  process.stdout.write(`installing Node ${major}\n`);
  const building = `${home}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  writeFileSync(join(building, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr } = spawnSync("npm", [...args, `node@${major}`], {
    cwd: building,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm could not install node@${major}:\n${stderr}`);
  // Whole or not at all: two runs may be at it.
  if (existsSync(home)) rmSync(building, { recursive: true });
  else renameSync(building, home);
  return node;
}
