import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import type { Launcher } from "./hostile-setup.js";

/** The tests' guard closes a process to all but loopback: of no use where there is no way out anyway. */
const { NODE_OPTIONS: _, ...UNGUARDED } = CLEAN_ENVIRONMENT;

const netOf = (pid: number | "self"): string => readlinkSync(`/proc/${pid}/ns/net`);

/** A network of its own, which reaches nothing but what is linked to it. It vanishes with the test. */
export class NetworkNamespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async create(): Promise<NetworkNamespace> {
    // It reads until the test's end of the pipe is closed, by the test or by its death.
    const holder = spawn("unshare", ["-n", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    onTestFinished(() => {
      holder.stdin.end();
    });
    const created = new NetworkNamespace(holder);
    while (netOf(created.pid) === netOf("self")) await wait(5);
    created.run("ip", "link", "set", "lo", "up");
    return created;
  }

  get pid(): number {
    const { pid } = this.#holder;
    if (pid === undefined) throw new Error("there is no unshare to start");
    return pid;
  }

  /** Starts a program within. */
  get launcher(): Launcher {
    return { prefix: ["nsenter", "-t", String(this.pid), "-n"], env: UNGUARDED };
  }

  /** Runs a command within and gives what it wrote. */
  run(command: string, ...args: string[]): string {
    return this.#run([command, ...args], "");
  }

  /** Has nftables treat packets by this rule, in place of the one before. */
  rule(hook: "output" | "forward" | "prerouting", rule: string): void {
    const chain = `chain only {\n type filter hook ${hook} priority 0;\n ${rule}\n }`;
    this.#run(["nft", "-f", "-"], `flush ruleset\ntable ip test {\n ${chain}\n}\n`);
  }

  /** Takes the rule away. */
  noRule(): void {
    this.run("nft", "flush", "ruleset");
  }

  /** How many packets the rule has counted. */
  counted(): number {
    const [, packets = "0"] = /counter packets (\d+)/.exec(this.run("nft", "list", "ruleset")) ?? [];
    return Number(packets);
  }

  #run(command: readonly string[], input: string): string {
    const args = ["-t", String(this.pid), "-n", ...command];
    const { status, stdout, stderr } = spawnSync("nsenter", args, { input, encoding: "utf8" });
    if (status !== 0) throw new Error(`${command.join(" ")} failed\n${stderr}`);
    return stdout;
  }
}
