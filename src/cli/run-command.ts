import { spawn } from "node:child_process";
import { constants } from "node:os";
import { systemCodeOf } from "../errors/system-code.js";

/** Arguments of the form `[options] [-- command …]`. */
export interface SplitArguments {
  readonly options: string[];
  /** Undefined without `--`, or with nothing after it. */
  readonly command: string[] | undefined;
}

export function splitCommand(args: readonly string[]): SplitArguments {
  const end = args.indexOf("--");
  if (end === -1) return { options: [...args], command: undefined };
  const command = args.slice(end + 1);
  return { options: args.slice(0, end), command: command.length === 0 ? undefined : command };
}

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** At a terminal these come from the keyboard, and the terminal sends them to the command as well. */
const FROM_KEYBOARD: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT"]);

/**
 * Runs a command with the standard streams of this process, forwards signals to it, and resolves to its exit status
 * once it has ended. As in a shell, that is 128 and the signal's number for a command that a signal ended, 127 for one
 * that is not found, and 126 for one that cannot be run; the last two are reported on standard error.
 */
export function runCommand([file = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(file, args, { env, stdio: "inherit" });
  const forward = (signal: NodeJS.Signals): void => {
    if (process.stdin.isTTY && FROM_KEYBOARD.has(signal)) return;
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const status = new Promise<number>((resolve) => {
    child.once("error", (error) => resolve(statusOfFailedStart(file, error)));
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
  return status.finally(() => {
    for (const signal of FORWARDED) process.off(signal, forward);
  });
}

function statusOfFailedStart(file: string, error: Error): number {
  const code = systemCodeOf(error);
  const reason = code === "ENOENT" ? "not found" : (code ?? error.message);
  process.stderr.write(`ec2-role-credentials: cannot run ${file}: ${reason}\n`);
  return code === "ENOENT" ? 127 : 126;
}
