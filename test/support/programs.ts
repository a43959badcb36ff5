import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ChildOptions, ChildRun, RunningChild } from "./child-process.js";
import { start } from "./child-process.js";

export interface ProgramOptions extends ChildOptions {
  /** For Node itself. */
  readonly flags?: readonly string[];
}

/** For programs: waits until the test lets it go on, and keeps the process alive until then. */
export const WAIT_FOR_TEST =
  'const waitForTest = () => new Promise((resolve) => process.stdin.once("end", resolve).resume());\n';

/** Writes a program into a project and starts it there. `extension` says in which module format. */
export async function startProgram(
  project: string,
  extension: "mjs" | "cjs",
  source: string,
  { flags = [], ...options }: ProgramOptions = {},
): Promise<RunningChild> {
  const directory = await mkdtemp(join(project, "program-"));
  const program = join(directory, `program.${extension}`);
  await writeFile(program, source);
  const child = start(process.execPath, [...flags, program], { ...options, cwd: directory });
  onTestFinished(() => child.kill());
  return child;
}

/** Runs a program to its end. A status other than 0 is an error that shows what it wrote. */
export async function runProgram(
  project: string,
  extension: "mjs" | "cjs",
  source: string,
  options?: ProgramOptions,
): Promise<ChildRun> {
  const child = await startProgram(project, extension, source, options);
  child.goOn();
  return succeeded(await child.ended);
}

/** The run, if its status was 0; otherwise an error that shows what it wrote. */
export function succeeded(run: ChildRun): ChildRun {
  if (run.exitCode === 0) return run;
  throw new Error(`node ended with ${run.exitCode ?? run.signal}\n${run.stderr}\n${run.stdout}`);
}
