import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** How a process has ended, and what it wrote to stderr. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A process that runs one of `programs/`; the test and it exchange lines of JSON. */
export class ProcessPartner {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<Ending>;
  #questions = 0;

  constructor(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    // A process that was killed takes no more lines.
    child.stdin.on("error", () => {});
    createInterface({ input: child.stdout }).on("line", (line) => this.#hear(line));
    const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    this.#ended = Promise.all([text(child.stderr), closed]).then(([stderr, [code, signal]]) => {
      const error = new Error(`the process has ended with ${code ?? signal}\n${stderr}`);
      for (const { reject } of this.#pending.values()) reject(error);
      return { code, signal, stderr };
    });
  }

  /** Sends an action. @returns its result */
  ask<T>(action: string, args: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const id = ++this.#questions;
    this.#child.stdin?.write(`${JSON.stringify({ id, action, args })}\n`);
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as T), reject });
    });
  }

  /** Suspends it (SIGSTOP). */
  async freeze(): Promise<void> {
    this.#child.kill("SIGSTOP");
    while (this.#state() !== "T") await wait(5);
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Closes its input, so that it has nothing left to do; resolves once it has ended by itself. */
  end(): Promise<Ending> {
    this.#child.stdin?.end();
    return this.#ended;
  }

  #hear(line: string): void {
    const { id, value, failure } = JSON.parse(line) as { id: number; value?: unknown; failure?: string };
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (failure === undefined) pending?.resolve(value);
    else pending?.reject(new Error(failure));
  }

  /** One letter, as the kernel has it, after the name in parentheses. */
  #state(): string | undefined {
    return /\) (\w)/.exec(readFileSync(`/proc/${this.#child.pid}/stat`, "utf8"))?.[1];
  }
}
