import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** What test harnesses take for "cannot be run here". */
const CANNOT_RUN = 77;

/** Ends this process because the machine cannot do what the tests need. */
export function skip(reason: string): never {
  process.stdout.write(`skipped: ${reason}\n`);
  process.exit(CANNOT_RUN);
}

/** Ends this process because programs are missing that could be installed: no reason to skip. */
export function failFor(missing: readonly string[]): never {
  process.stdout.write(`failed: ${missing.join(", ")} not installed\n`);
  process.exit(1);
}

export const succeeds = ([program = "", ...args]: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

/** Runs the tests of a project of vitest.config.ts, by way of `prefix`; the exit code is theirs. */
export function runTests(project: string, prefix: readonly string[] = []): void {
  const vitest = [process.execPath, "node_modules/vitest/vitest.mjs", "run", "--project", project];
  const [program = "", ...args] = [...prefix, ...vitest, ...process.argv.slice(2)];
  process.exitCode = spawnSync(program, args, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
}
