import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installOutside } from "../../support/installed-outside.js";

/** Every line of Node that the package is tried on; each is the newest that npm's package `node` has. */
const MAJORS = [20, 22, 24, 26] as const;

export interface NodeVersion {
  readonly major: number;
  readonly path: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    /** One Node of each line. */
    nodes: readonly NodeVersion[];
  }
}

/** Installs what is not there yet. */
export default function setup({ provide }: TestProject): void {
  provide(
    "nodes",
    MAJORS.map((major) => ({
      major,
      path: join(installOutside(`node-${major}`, [`node@${major}`]), "node_modules/node/bin/node"),
    })),
  );
}
