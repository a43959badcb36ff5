import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installOutside } from "../../support/installed-outside.js";
import { SEED_DEPENDENCIES, seedStrictStores } from "./strict-stores.js";

/** The oldest and the newest TypeScript that consumers may have, and all between. */
const TYPESCRIPTS = ["5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6.0"] as const;

export type Runtime = "bun" | "deno";

/** Where the packages have their programs: put in place by an install script, or as they came where none ran. */
const RUNTIMES: Readonly<Record<Runtime, readonly string[]>> = {
  bun: ["bun/bin/bun.exe", `@oven/bun-${process.platform}-${process.arch}/bin/bun`],
  deno: ["deno/deno", `@deno/${process.platform}-${process.arch}-glibc/deno`],
};

export interface TypeScriptVersion {
  readonly version: string;
  /** The compiler's package. */
  readonly path: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    /** The program of each runtime. */
    runtimes: Readonly<Record<Runtime, string>>;
    /** One compiler of each minor version. */
    typescripts: readonly TypeScriptVersion[];
    /** The `node_modules` with the bundlers that are no dependencies of this repository. */
    bundlerPackages: string;
    /** The directory with what pnpm and yarn need to install without a network. */
    strictStores: string;
    /** The `node_modules` with Next.js, an SDK client and what the library depends on. */
    nextPackages: string;
  }
}

export function installRuntime(name: Runtime): string {
  const modules = join(installOutside(name, [name]), "node_modules");
  const program = RUNTIMES[name].map((file) => join(modules, file)).find(existsSync);
  if (program === undefined) throw new Error(`npm's package ${name} has no program for this machine`);
  return program;
}

const BUNDLERS = ["@vercel/ncc@0", "@yarnpkg/cli-dist@4", "pnpm@12", "postject@1.0.0-alpha.6", "vite@8"];

const NEXT = ["next@16", "react@19", "react-dom@19"];

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  provide("runtimes", { bun: installRuntime("bun"), deno: installRuntime("deno") });
  const bundlerPackages = join(installOutside("bundlers", BUNDLERS), "node_modules");
  provide("bundlerPackages", bundlerPackages);
  const seeds = Object.entries(SEED_DEPENDENCIES).map(([name, range]) => `${name}@${range}`);
  provide("nextPackages", join(installOutside("next", [...NEXT, ...seeds]), "node_modules"));
  provide("strictStores", seedStrictStores(bundlerPackages));
  const aliases = TYPESCRIPTS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`);
  const home = installOutside(`typescript-${TYPESCRIPTS.join("-")}`, aliases);
  provide(
    "typescripts",
    TYPESCRIPTS.map((version) => ({ version, path: join(home, `node_modules/typescript-${version}`) })),
  );
}
