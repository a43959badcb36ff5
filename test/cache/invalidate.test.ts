import { describe, expect, it } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import {
  call,
  callAndSettle,
  HOUR,
  MINUTE,
  NO_AGE,
  refreshScene,
  SECOND,
  told,
} from "../support/refresh-setup.js";
import { advance, settle, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshScene();

async function loaded(options: object = {}): Promise<InstanceRoleProvider> {
  const provider = newProvider({ ...NO_AGE, ...options });
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  return provider;
}

describe("invalidate: a service rejected these", () => {
  it("the next call refreshes first", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    provider.invalidate("OLD");
    imds.delay(500);
    const next = await callAndSettle(provider);
    expect(told(next)).toBe("waiting");
    await advance(500);
    expect(told(next)).toBe("NEW");
    expect(events[1]).toMatchObject({ kind: "mandatory", outcome: "new", requests: 1 });
  });

  it("it does not look by itself: the next call does", async () => {
    const provider = await loaded();
    provider.invalidate("OLD");
    await advance(10 * MINUTE);
    expect(events).toHaveLength(1);
  });

  it("twenty calls that were rejected together make one refresh", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    const calls = Array.from({ length: 20 }, () => {
      provider.invalidate("OLD");
      return call(provider);
    });
    await settle();
    expect(new Set(calls.map(told))).toEqual(new Set(["NEW"]));
    expect(events).toHaveLength(2);
  });

  it.each(["SOMEBODY-ELSES", "", "old"])("any other id is ignored: %j", async (id) => {
    const provider = await loaded();
    const kept = provider();
    provider.invalidate(id);
    expect(provider()).toBe(kept);
    expect(events).toHaveLength(1);
  });

  it("the id of an earlier set is ignored", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    expect(told(await callAndSettle(provider))).toBe("NEW");
    expect(events).toHaveLength(2);
  });

  it("before the first load it is ignored", async () => {
    const provider = newProvider();
    provider.invalidate("OLD");
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    await callAndSettle(provider);
    expect(events).toHaveLength(1);
  });

  it.each([
    ["the look fails", () => imds.disable()],
    ["the look brings the same set", () => {}],
  ])("when %s, callers get the set at hand, and nobody waits any more", async (_, spoil) => {
    const provider = await loaded();
    spoil();
    provider.invalidate("OLD");
    expect(told(await callAndSettle(provider))).toBe("OLD");
    imds.delay(500);
    await advance(MINUTE);
    expect(told(await callAndSettle(provider))).toBe("OLD");
    await advance(MINUTE);
    expect(events.length).toBeGreaterThan(2);
    provider.close();
  });

  it("the rejected key with another expiration does not: looks go on, a pause apart, until there is another key", async () => {
    const provider = await loaded();
    provider.invalidate("OLD");
    serve("OLD", 7 * HOUR);
    const { identity } = await callAndSettle(provider);
    expect(identity).toMatchObject({ accessKeyId: "OLD", expiration: imds.credentials?.expiration });
    expect(events.at(-1)).toMatchObject({ kind: "mandatory", outcome: "unchanged" });
    for (let i = 0; i < 20; i++) {
      serve("OLD", 8 * HOUR + i);
      provider.invalidate("OLD");
      await callAndSettle(provider);
    }
    expect(events).toHaveLength(2);
    serve("NEW", 6 * HOUR);
    await advance(61 * SECOND);
    expect(told(await callAndSettle(provider))).toBe("NEW");
  });

  it("a different set that is outside its own window ends it, even if it lasts less long", async () => {
    const provider = await loaded();
    serve("SHORTER", 2 * HOUR);
    provider.invalidate("OLD");
    expect(told(await callAndSettle(provider))).toBe("SHORTER");
    await advance(10 * MINUTE);
    expect(told(await callAndSettle(provider))).toBe("SHORTER");
    expect(events).toHaveLength(2);
  });
});

describe("An invalidation during a look is not lost", () => {
  it("invalidated while a look is in flight that brings the same set: another look follows within 60 s", async () => {
    const provider = await loaded();
    suspend(5 * HOUR);
    imds.delay(500);
    expect(told(await callAndSettle(provider))).toBe("OLD");
    provider.invalidate("OLD");
    const after = await callAndSettle(provider);
    expect(told(after)).toBe("waiting");
    await advance(500);
    expect(told(after)).toBe("OLD");
    serve("NEW", 6 * HOUR);
    await advance(MINUTE);
    await advance(SECOND);
    expect(told(await callAndSettle(provider))).toBe("NEW");
  });

  it("invalidated while a look is in flight that fails: another look follows within 60 s", async () => {
    const provider = await loaded();
    imds.disable();
    imds.delay(500);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    await advance(500);
    expect(told(forced)).toBe("OLD");
    imds.recover();
    serve("NEW", 6 * HOUR);
    await advance(MINUTE + SECOND);
    expect(told(await callAndSettle(provider))).toBe("NEW");
  });

  it("invalidated while a look is in flight that brings a new set: that one is good", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    await advance(500);
    expect(told(forced)).toBe("NEW");
    expect(told(await callAndSettle(provider))).toBe("NEW");
    expect(events).toHaveLength(2);
  });

  it("a look that starts after the invalidation is the same in the other order", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    provider.invalidate("OLD");
    const forced = await callAndSettle(provider, { forceRefresh: true });
    const plain = await callAndSettle(provider);
    await advance(500);
    expect([told(forced), told(plain)]).toEqual(["NEW", "NEW"]);
    expect(events).toHaveLength(2);
  });
});

describe("An invalidation during a pause is not lost, and shortens a longer pause to 60 s from then", () => {
  it("a pause of 5 min: a call 60 s after the invalidation looks first", async () => {
    const provider = await loaded();
    provider.close();
    suspend(5 * HOUR + MINUTE);
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    serve("NEW", 6 * HOUR);
    await advance(30 * SECOND);
    provider.invalidate("OLD");
    await advance(60 * SECOND - 1);
    expect(told(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(2);
    await advance(1);
    expect(told(await callAndSettle(provider))).toBe("NEW");
  });

  it("without a call, the timer looks after those 60 s", async () => {
    const provider = await loaded();
    suspend(5 * HOUR + MINUTE);
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    serve("NEW", 6 * HOUR);
    provider.invalidate("OLD");
    await advance(61 * SECOND);
    expect(events[2]).toMatchObject({ kind: "mandatory", outcome: "new" });
  });

  it("a shorter pause stays as it is", async () => {
    const provider = await loaded();
    provider.close();
    suspend(6 * HOUR - 100 * SECOND);
    imds.disable();
    await callAndSettle(provider);
    // 22.5 % of 100 s.
    await advance(20 * SECOND);
    provider.invalidate("OLD");
    await advance(2.5 * SECOND - 1);
    await callAndSettle(provider);
    expect(events).toHaveLength(2);
    await advance(1);
    await callAndSettle(provider);
    expect(events).toHaveLength(3);
  });

  it("after expiration it is the pause that counts", async () => {
    const provider = await loaded();
    imds.disable();
    suspend(7 * HOUR);
    await callAndSettle(provider);
    const looks = events.length;
    provider.invalidate("OLD");
    for (let calls = 0; calls < 5; calls++) expect(told(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(looks);
  });

  it("once a look was in vain nobody waits, however long ago that was, while the set is valid", async () => {
    const provider = await loaded();
    provider.close();
    provider.invalidate("OLD");
    imds.disable();
    expect(told(await callAndSettle(provider))).toBe("OLD");
    await advance(5 * MINUTE);
    imds.enable();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    expect(told(await callAndSettle(provider))).toBe("OLD");
    // After a 403 the token and the role name are read again: three requests.
    await advance(3 * 500);
    expect(told(await callAndSettle(provider))).toBe("NEW");
  });
});
