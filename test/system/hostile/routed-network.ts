import { spawnSync } from "node:child_process";
import { NetworkNamespace } from "./network-namespace.js";

/** An application in a container: between it and the metadata service is a router, the host of the container. */
export interface RoutedNetwork {
  readonly container: NetworkNamespace;
  readonly host: NetworkNamespace;
  readonly metadata: NetworkNamespace;
}

export const METADATA_ADDRESS = "10.77.2.2";
export const METADATA_ENDPOINT: string = `http://${METADATA_ADDRESS}`;

export async function routedNetwork(): Promise<RoutedNetwork> {
  const [container, host, metadata] = await Promise.all([
    NetworkNamespace.create(),
    NetworkNamespace.create(),
    NetworkNamespace.create(),
  ]);
  link(container, host, "10.77.1");
  link(metadata, host, "10.77.2");
  host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  return { container, host, metadata };
}

/** Connects one to the host: it is .2, the host is .1 and its way to everything else. */
function link(end: NetworkNamespace, host: NetworkNamespace, network: string): void {
  const name = `to-${network.replaceAll(".", "-")}`;
  const ends = [
    "uplink",
    "netns",
    String(end.pid),
    "type",
    "veth",
    "peer",
    "name",
    name,
    "netns",
    String(host.pid),
  ];
  const { status, stderr } = spawnSync("ip", ["link", "add", ...ends], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the namespaces could not be linked\n${stderr}`);
  for (const [namespace, device, address] of [
    [host, name, `${network}.1/24`],
    [end, "uplink", `${network}.2/24`],
  ] as const) {
    namespace.run("ip", "address", "add", address, "dev", device);
    namespace.run("ip", "link", "set", device, "up");
  }
  end.run("ip", "route", "add", "default", "via", `${network}.1`);
}
