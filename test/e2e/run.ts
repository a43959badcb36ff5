// npm run test:e2e: installs Ceph's object gateway when it is missing and can be, then runs the tests in a network
// of their own, which has nothing but loopback. Where that cannot be made, the machine's loopback has to do.

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { CEPH } from "./ceph-packages.js";
import { installWhatIsMissing } from "./debian-packages.js";

const ROOT = resolve(import.meta.dirname, "../..");
const IN_CLOSED_NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/e2e/vitest.config.ts"];

function run(command: readonly string[], stdio: "inherit" | "ignore"): number {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { cwd: ROOT, stdio }).status ?? 1;
}

installWhatIsMissing(CEPH);
const closed = run([...IN_CLOSED_NETWORK, "true"], "ignore") === 0;
if (!closed) process.stdout.write("no network of its own (unshare -n): the machine's loopback is used\n");
const vitest = [process.execPath, ...VITEST, ...process.argv.slice(2)];
process.exitCode = run(closed ? [...IN_CLOSED_NETWORK, ...vitest] : vitest, "inherit");
