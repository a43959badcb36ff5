import { spawnSync } from "node:child_process";

/** Set in the process that runs in the network of its own. */
const INSIDE = "BENCH_IN_OWN_NETWORK";

/** In a network of the benchmark's own the address of EC2 is one of loopback's. */
export const EC2_ADDRESS = "169.254.169.254";

const [SHELL, PREPARE] = [
  "sh",
  `ip link set lo up && ip address add ${EC2_ADDRESS}/32 dev lo && exec "$@"`,
] as const;

export const hasOwnNetwork = (): boolean => process.env[INSIDE] === "yes";

/**
 * Goes on in a network of its own, where nothing but loopback can be reached and EC2's address is on it: some peers
 * fall back to that address, and one knows no other. Where no such network can be had, it goes on as it is.
 *
 * @returns whether to go on here; otherwise the run is over, done by another process.
 */
export function enterOwnNetwork(): boolean {
  if (hasOwnNetwork()) return true;
  const unshare = ["--net", SHELL, "-c", PREPARE, SHELL];
  const isPossible = spawnSync("unshare", [...unshare, "true"], { stdio: "ignore" }).status === 0;
  if (!isPossible) return true;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", [...unshare, ...again], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "yes" },
  });
  process.exitCode = status ?? 1;
  return false;
}
