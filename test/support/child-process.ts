import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface ChildRun {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the child: for one that is hung on purpose, or that a failed test leaves behind. */
  readonly signal?: AbortSignal;
}

/**
 * The environment of a child: nothing of AWS from outside, and no address of EC2 to fall back on. Port 9 on
 * loopback refuses.
 */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "",
  HOME: "/nonexistent",
  TMPDIR: process.env.TMPDIR ?? "/tmp",
  // The network guard of the tests travels in it.
  ...(process.env.NODE_OPTIONS && { NODE_OPTIONS: process.env.NODE_OPTIONS }),
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9",
  AWS_CONFIG_FILE: "/nonexistent/config",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
};

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: ChildOptions = {},
): Promise<ChildRun> {
  const child = spawn(command, args, {
    cwd,
    env: { ...CLEAN_ENVIRONMENT, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal && { signal, killSignal: "SIGKILL" }),
  });
  const [stdout, stderr, [exitCode, exitSignal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { exitCode, signal: exitSignal, stdout, stderr };
}

/** Runs a Node program to its end and gives what it wrote. A status other than 0 is an error that shows its stderr. */
export async function runNode(args: readonly string[], options?: ChildOptions): Promise<ChildRun> {
  const result = await run(process.execPath, args, options);
  if (result.exitCode === 0) return result;
  throw new Error(`node ended with ${result.exitCode ?? result.signal}\n${result.stderr}\n${result.stdout}`);
}
