import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
}

/** A child that runs. Its standard input is open until `goOn` is called. */
export interface RunningChild {
  /** Ends the child's standard input: the signal that the children of these tests wait for. */
  goOn(): void;
  kill(): void;
  /** Resolves once it has ended and all of its output is read. */
  readonly ended: Promise<ChildRun>;
}

/**
 * The environment of a child: nothing of AWS from outside, and no address of EC2 to fall back on. Port 9 on
 * loopback refuses.
 */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? "",
  // Not the user's own. npm, Bun and Deno make what they want in it.
  HOME: join(tmpdir(), "ec2-role-credentials-home"),
  TMPDIR: process.env.TMPDIR ?? "/tmp",
  // The network guard of the tests travels in it.
  ...(process.env.NODE_OPTIONS && { NODE_OPTIONS: process.env.NODE_OPTIONS }),
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9",
  AWS_CONFIG_FILE: "/nonexistent/config",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
};

export function start(
  command: string,
  args: readonly string[],
  { cwd, env }: ChildOptions = {},
): RunningChild {
  const child = spawn(command, args, { cwd, env: { ...CLEAN_ENVIRONMENT, ...env } });
  // A child that has ended takes no more input.
  child.stdin.on("error", () => {});
  const close = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = Promise.all([text(child.stdout), text(child.stderr), close]).then(
    ([stdout, stderr, [exitCode, signal]]): ChildRun => ({ exitCode, signal, stdout, stderr }),
  );
  return { goOn: () => child.stdin.end(), kill: () => child.kill("SIGKILL"), ended };
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options?: ChildOptions): Promise<ChildRun> {
  const child = start(command, args, options);
  child.goOn();
  return child.ended;
}
