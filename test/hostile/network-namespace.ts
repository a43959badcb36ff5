import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { missingOf } from "../e2e/debian-packages.js";
import { CLEAN_ENVIRONMENT } from "../support/child-process.js";
import type { Launcher } from "./hostile-scene.js";
import { NETWORK_PROGRAMS } from "./network-programs.js";

/** What has to be possible in a namespace for these tests: a pair of interfaces, and rules that count and drop. */
const TRIAL = `
  echo 1 > /proc/sys/net/ipv4/ip_forward &&
  ip link set lo up && ip link add trial0 type veth peer name trial1 &&
  nft 'add table ip trial; add chain ip trial out { type filter hook output priority 0; }' &&
  nft 'add rule ip trial out numgen random mod 100 < 1 counter drop' &&
  nft 'add rule ip trial out ip length > 60 counter ip ttl set 1'
`;

/** Why networks of the test's own cannot be made here; undefined when they can. */
export function reasonToSkip(): string | undefined {
  const missing = missingOf(NETWORK_PROGRAMS);
  if (missing.length > 0) return `skipped: no ${missing.join(", ")}`;
  const { status, stderr } = spawnSync("unshare", ["-n", "sh", "-c", TRIAL], { encoding: "utf8" });
  if (status === 0) return undefined;
  return `skipped: no network namespaces with veth and nftables (${stderr.trim().split("\n")[0]})`;
}

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
