import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The status that says that something cannot be run here, as it is used by test harnesses everywhere. */
const CANNOT_RUN = 77;

/** Ends this process and says why nothing was tested. */
export function skip(reason: string): never {
  process.stdout.write(`skipped: ${reason}\n`);
  process.exit(CANNOT_RUN);
}

export const succeeds = ([program = "", ...args]: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

/** Runs the tests of a project of vitest.config.ts, by way of `prefix`; the exit code is theirs. */
export function runTests(project: string, prefix: readonly string[] = []): void {
  const vitest = [process.execPath, "node_modules/vitest/vitest.mjs", "run", "--project", project];
  const [program = "", ...args] = [...prefix, ...vitest, ...process.argv.slice(2)];
  process.exitCode = spawnSync(program, args, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
}
