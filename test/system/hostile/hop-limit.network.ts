import { describe, expect, test } from "vitest";
import { expectTyped } from "./hostile-setup.js";
import type { NetworkNamespace } from "./network-namespace.js";
import { networksWithMetadata, SETTINGS } from "./network-setup.js";

const newNetwork = networksWithMetadata();

describe("the response hop limit", () => {
  /** As EC2 does it: what carries an answer has so many hops, the connection itself is made as usual. */
  const limit = (metadata: NetworkNamespace, hops: number) =>
    metadata.rule("output", `tcp sport 80 ip length > 60 counter ip ttl set ${hops}`);

  test("of 1: in a container the connection opens and no response arrives, and the error names the fix", async () => {
    const { container, host, metadata, serviceIn } = await newNetwork();
    limit(metadata, 1);
    host.rule("prerouting", "tcp sport 80 ip ttl 1 counter");
    const service = serviceIn(container);
    const outcome = await service.call();
    expectTyped(outcome, "IMDS_TIMEOUT", SETTINGS);
    expect(outcome).toMatchObject({ step: "token", attempts: 2 });
    expect(outcome.message).toMatch(/raise the instance's metadata response hop limit to 2/);
    expect(metadata.counted()).toBeGreaterThan(0);
    expect(host.counted()).toBeGreaterThan(0);
    await service.endsCleanly();
  });

  test("of 1 is enough for a process on the instance itself", async () => {
    const { host, metadata, serviceIn } = await newNetwork();
    limit(metadata, 1);
    const service = serviceIn(host);
    expect(await service.call()).toMatchObject({ end: "credentials" });
    expect(metadata.counted()).toBeGreaterThan(0);
    await service.endsCleanly();
  });

  test("of 2 is enough for a container; a process that runs picks the change up", async () => {
    const { container, metadata, serviceIn } = await newNetwork();
    limit(metadata, 1);
    const service = serviceIn(container);
    expectTyped(await service.call(), "IMDS_TIMEOUT", SETTINGS);
    limit(metadata, 2);
    expect(await service.call()).toMatchObject({ end: "credentials" });
    await service.endsCleanly();
  });
});
