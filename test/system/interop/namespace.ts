import { spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";

/** Where EC2 serves its metadata. In a namespace of a test's own it is an address like any other. */
export const EC2_ADDRESS = "169.254.169.254";

/** The second makes a user who is not root the root of the namespace, where the kernel allows that. */
const WAYS_IN: readonly (readonly string[])[] = [
  ["unshare", "-n"],
  ["unshare", "-r", "-n"],
];

const LOOPBACK_ALONE = "ip link set lo up";
const LOOPBACK_AND_EC2_ADDRESS = `${LOOPBACK_ALONE} && ip addr add ${EC2_ADDRESS}/32 dev lo`;

const command = (wayIn: readonly string[], network: string, program: readonly string[]): string[] => [
  ...wayIn,
  "sh",
  "-c",
  `${network} && exec "$@"`,
  "sh",
  ...program,
];

function works(wayIn: readonly string[]): boolean {
  const [program = "", ...args] = command(wayIn, LOOPBACK_AND_EC2_ADDRESS, ["true"]);
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

const wayIn = WAYS_IN.find(works);

/** Why no namespace can be made here; undefined if it can. */
export const REASON_FOR_NO_NAMESPACE: string | undefined = wayIn
  ? undefined
  : "a network namespace with loopback alone cannot be made here (`unshare -n`, `ip link set lo up`)";

/** The command line that runs a program where nothing but loopback exists, EC2's address on it if asked for. */
export function inNamespace(
  program: readonly string[],
  addresses: "loopback" | "loopback and EC2's",
): string[] {
  if (!wayIn) throw new Error(REASON_FOR_NO_NAMESPACE);
  const network = addresses === "loopback" ? LOOPBACK_ALONE : LOOPBACK_AND_EC2_ADDRESS;
  return command(wayIn, network, program);
}

/** Throws unless this process is where {@link inNamespace} put it: programs of others may reach for EC2's address. */
export function insistOnNamespace(): void {
  const others = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (others.length > 0)
    throw new Error(`this runs in a network of its own only; here is ${others.join(", ")}`);
}
