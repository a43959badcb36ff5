import { describe, expect, it, vi } from "vitest";
import { clearSharedCredentials } from "../../src/testing/index.js";
import { call, callAndSettle, HOUR, MINUTE, outcome, refreshSetup } from "../support/refresh-setup.js";
import { advance, settle } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

const SHARED = { shared: true } as const;

function logger() {
  const lines: string[] = [];
  const take = (line: string) => void lines.push(line);
  return { lines, debug: take, info: take, warn: take, error: take };
}

describe("Providers with equal settings share one cache in the process", () => {
  it("a hundred of them are one load and one refresh", async () => {
    const providers = Array.from({ length: 100 }, () => newProvider(SHARED));
    serve("FIRST", 6 * HOUR);
    const calls = providers.map((provider) => call(provider));
    await settle();
    expect(new Set(calls.map(outcome))).toEqual(new Set(["FIRST"]));
    expect(imds.requests).toHaveLength(3);
    serve("SECOND", 6 * HOUR);
    await advance(HOUR + 3 * MINUTE);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "maxAge"]);
    const [one, other] = providers;
    if (one && other) expect(one()).toBe(other());
  });

  it("it is by default", async () => {
    const providers = [newProvider({ shared: undefined }), newProvider(SHARED)];
    for (const provider of providers) await callAndSettle(provider);
    expect(imds.requests).toHaveLength(3);
  });

  it("equal after environment and options are put together", async () => {
    const byOption = newProvider({ ...SHARED, timeout: 2000, roleName: "mock-role" });
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "2");
    vi.stubEnv("AWS_EC2_INSTANCE_PROFILE_NAME", "mock-role");
    const byEnvironment = newProvider(SHARED);
    await callAndSettle(byEnvironment);
    vi.unstubAllEnvs();
    await callAndSettle(byOption);
    expect(events).toHaveLength(1);
  });

  it("equal also where a fraction of a second is not what it seems to be", async () => {
    const byOption = newProvider({ ...SHARED, timeout: 1005 });
    vi.stubEnv("AWS_METADATA_SERVICE_TIMEOUT", "1.005");
    await callAndSettle(newProvider(SHARED));
    vi.unstubAllEnvs();
    await callAndSettle(byOption);
    expect(events).toHaveLength(1);
  });

  it("credentials that were rejected through a provider that was not called yet are refreshed all the same", async () => {
    const used = newProvider(SHARED);
    serve("OLD", 6 * HOUR);
    await callAndSettle(used);
    serve("NEW", 6 * HOUR);
    const unused = newProvider(SHARED);
    unused.invalidate("OLD");
    unused.invalidate("ANOTHER");
    expect(outcome(await callAndSettle(unused))).toBe("NEW");
    expect(outcome(await callAndSettle(used))).toBe("NEW");
  });

  it.each([
    ["timeout", { timeout: 999 }],
    ["maxRetries", { maxRetries: 1 }],
    ["roleName", { roleName: "mock-role" }],
    ["endpoint", { endpoint: "http://[fd00:ec2::254]" }],
    ["tokenTtlSeconds", { tokenTtlSeconds: 300 }],
    ["advisoryWindowSeconds", { advisoryWindowSeconds: 60 }],
    ["maxAgeSeconds", { maxAgeSeconds: 60 }],
    ["waitForRoleSeconds", { waitForRoleSeconds: 60 }],
    ["ec2MetadataV1Disabled", { ec2MetadataV1Disabled: false }],
  ])("another %s, another cache", async (_, options) => {
    await callAndSettle(newProvider(SHARED));
    await callAndSettle(newProvider({ ...SHARED, ...options }));
    expect(events).toHaveLength(2);
  });

  it("the logger does not count, each gets its lines, and one that is given twice gets each line once", async () => {
    const [first, second] = [logger(), logger()];
    const providers = [first, second, first].map((each) => newProvider({ ...SHARED, logger: each }));
    for (const provider of providers) await callAndSettle(provider);
    expect(events).toHaveLength(1);
    first.lines.length = 0;
    await advance(HOUR + 3 * MINUTE);
    expect(first.lines).toHaveLength(1);
    expect(second.lines).toEqual(first.lines);
  });

  it("credentials that were rejected through one provider are refreshed for all", async () => {
    const [one, other] = [newProvider(SHARED), newProvider(SHARED)];
    serve("OLD", 6 * HOUR);
    await callAndSettle(one);
    await callAndSettle(other);
    serve("NEW", 6 * HOUR);
    one.invalidate("OLD");
    expect(outcome(await callAndSettle(other))).toBe("NEW");
    expect(outcome(await callAndSettle(one))).toBe("NEW");
  });
});

describe("closing one leaves the others alone", () => {
  it("the others are refreshed ahead as before", async () => {
    const [one, other] = [newProvider(SHARED), newProvider(SHARED)];
    await callAndSettle(one);
    await callAndSettle(other);
    one.close();
    await advance(HOUR + 3 * MINUTE);
    expect(events).toHaveLength(2);
    other.close();
    await advance(24 * HOUR);
    expect(events).toHaveLength(2);
  });

  it("one that comes after all were closed is refreshed ahead", async () => {
    const one = newProvider(SHARED);
    await callAndSettle(one);
    one.close();
    await callAndSettle(newProvider(SHARED));
    await advance(HOUR + 3 * MINUTE);
    expect(events).toHaveLength(2);
  });

  it("the end of a `using` block closes", async () => {
    {
      using provider = newProvider(SHARED);
      await callAndSettle(provider);
    }
    await advance(24 * HOUR);
    expect(events).toHaveLength(1);
  });

  it("a closed provider still gets the lines of what its calls load", async () => {
    const to = logger();
    const provider = newProvider({ ...SHARED, logger: to });
    await callAndSettle(provider);
    provider.close();
    await advance(HOUR);
    await callAndSettle(provider);
    expect(events).toHaveLength(2);
    expect(to.lines).toHaveLength(2);
  });

  it("closing twice, and calling afterwards, is fine", async () => {
    const provider = newProvider(SHARED);
    provider.close();
    provider.close();
    expect((await callAndSettle(provider)).state).toBe("served");
  });
});

describe("shared: false", () => {
  it("a cache of its own", async () => {
    await callAndSettle(newProvider(SHARED));
    await callAndSettle(newProvider({ shared: false }));
    await callAndSettle(newProvider({ shared: false }));
    expect(events.map(({ kind, requests }) => [kind, requests])).toEqual(Array(3).fill(["initial", 3]));
  });
});

describe("clearSharedCredentials, and reset() of the mock", () => {
  it.each([
    ["clearSharedCredentials()", clearSharedCredentials],
    ["imds.reset()", () => imds.reset()],
  ])("after %s each provider starts over on its next call", async (_, clear) => {
    const provider = newProvider(SHARED);
    await callAndSettle(provider);
    clear();
    expect(provider.status()).toMatchObject({ expiration: undefined, lastRefresh: undefined, stale: false });
    serve("AFTER", 6 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("AFTER");
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "initial"]);
  });

  it("the timers of what was cleared are over", async () => {
    await callAndSettle(newProvider(SHARED));
    clearSharedCredentials();
    await advance(24 * HOUR);
    expect(events).toHaveLength(1);
  });

  it("providers still share afterwards, and are refreshed ahead", async () => {
    const [one, other] = [newProvider(SHARED), newProvider(SHARED)];
    await callAndSettle(one);
    await callAndSettle(other);
    clearSharedCredentials();
    await callAndSettle(one);
    await callAndSettle(other);
    await advance(HOUR + 3 * MINUTE);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "initial", "maxAge"]);
  });

  it("a provider with a cache of its own keeps it", async () => {
    const provider = newProvider({ shared: false });
    await callAndSettle(provider);
    const kept = provider();
    clearSharedCredentials();
    expect(provider()).toBe(kept);
  });
});
