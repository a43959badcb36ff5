import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A directory that all tests of one run share; it is removed at the end. */
    runDirectory: string;
  }
}

/** Global setup: only a directory. The first test that needs something in it makes it. */
export default function setup({ provide }: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), "ec2-role-credentials-"));
  provide("runDirectory", directory);
  return () => rmSync(directory, { recursive: true, force: true });
}
