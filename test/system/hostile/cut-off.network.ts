import { describe, expect, test } from "vitest";
import { expectTyped } from "./hostile-setup.js";
import { networksWithMetadata, SETTINGS } from "./network-setup.js";
import { METADATA_ADDRESS, type RoutedNetwork } from "./routed-network.js";

const newNetwork = networksWithMetadata();

const wall = ({ host }: RoutedNetwork, verdict: string) => host.rule("forward", `tcp dport 80 ${verdict}`);

/** Ways to be cut off, and how often the token request is then tried. */
const CUT_OFF: readonly (readonly [string, number, (network: RoutedNetwork) => void])[] = [
  ["a firewall that drops", 2, (network) => wall(network, "drop")],
  ["a firewall that resets", 1, (network) => wall(network, "reject with tcp reset")],
  ["a firewall that refuses the port", 1, (network) => wall(network, "reject")],
  [
    "a firewall that answers that it is prohibited",
    1,
    (network) => wall(network, "reject with icmp type admin-prohibited"),
  ],
  ["no route", 1, ({ container }) => void container.run("ip", "route", "del", "default")],
  ...["unreachable", "prohibit", "blackhole"].map((kind): (typeof CUT_OFF)[number] => [
    `a route that is ${kind}`,
    1,
    ({ container }) => void container.run("ip", "route", "add", kind, METADATA_ADDRESS),
  ]),
  ["a network that is down", 1, ({ container }) => void container.run("ip", "link", "set", "uplink", "down")],
];

describe("an application that is cut off from metadata", () => {
  test.for(CUT_OFF)("by %s gets IMDS_UNREACHABLE", async ([, attempts, cutOff]) => {
    const network = await newNetwork();
    const service = network.serviceIn(network.container);
    cutOff(network);
    const outcome = await service.call();
    expectTyped(outcome, "IMDS_UNREACHABLE", SETTINGS);
    expect(outcome).toMatchObject({ step: "token", attempts });
    await service.endsCleanly();
  });

  test.for(CUT_OFF)("by %s keeps its cached credentials", async ([, , cutOff]) => {
    const network = await newNetwork();
    const service = network.serviceIn(network.container);
    const { accessKeyId } = await service.call();
    cutOff(network);
    expect(await service.call({ forceRefresh: true })).toMatchObject({ end: "credentials", accessKeyId });
    expect(await service.status()).toEqual({ stale: false, code: "IMDS_UNREACHABLE" });
    await service.endsCleanly();
  });
});
