import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Runs a program to its end and gives its stdout; an end other than 0 is an error that shows what it wrote. */
export async function must(command: string, args: readonly string[], input?: string): Promise<string> {
  const child = spawn(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin?.end(input);
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ""} ended with ${code}\n${stderr}\n${stdout}`);
  return stdout;
}

/** A program that runs until it is stopped; what it writes goes into a file. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #name: string;
  #failure: string | undefined;

  constructor(command: string, args: readonly string[], logFile: string) {
    const log = openSync(logFile, "a");
    this.#name = command;
    this.#child = spawn(command, args, { stdio: ["ignore", log, log] });
    this.#child.once("error", (error) => {
      this.#failure = error.message;
    });
  }

  /** @throws Error if the program has ended by itself; its log says why. */
  check(): void {
    const { exitCode, signalCode } = this.#child;
    const ended = this.#failure ?? exitCode ?? signalCode;
    if (ended !== null) throw new Error(`${this.#name} has ended: ${ended}`);
  }

  /** Politely, then, after ten seconds, not. By its own pid. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (this.#failure !== undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
    this.#child.kill("SIGTERM");
    const insist = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(insist);
  }
}

/** Repeats `attempt` until it does not throw. `check` may end it early; after `seconds` its last error is thrown. */
export async function until<T>(attempt: () => Promise<T>, seconds: number, check: () => void): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    check();
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await wait(200);
    }
  }
}
