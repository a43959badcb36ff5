import { describe, expect, it } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import {
  call,
  callAndSettle,
  HOUR,
  MINUTE,
  NO_MAX_AGE,
  outcome,
  refreshSetup,
  SECOND,
} from "../support/refresh-setup.js";
import { advance, settle, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

async function loaded(options: object = {}): Promise<InstanceRoleProvider> {
  const provider = newProvider({ ...NO_MAX_AGE, ...options });
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
    expect(outcome(next)).toBe("waiting");
    await advance(500);
    expect(outcome(next)).toBe("NEW");
    expect(events[1]).toMatchObject({ kind: "mandatory", outcome: "new", requests: 1 });
  });

  it("it does not refresh by itself: the next call does", async () => {
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
    expect(new Set(calls.map(outcome))).toEqual(new Set(["NEW"]));
    expect(events).toHaveLength(2);
  });

  it.each(["ANOTHER", "", "old"])("any other id is ignored: %j", async (id) => {
    const provider = await loaded();
    const kept = provider();
    provider.invalidate(id);
    expect(provider()).toBe(kept);
    expect(events).toHaveLength(1);
  });

  it("the id of earlier credentials is ignored", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
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
    ["the refresh fails", () => imds.disable()],
    ["the refresh brings the same credentials", () => {}],
  ])("when %s, callers get the cached credentials, and later calls do not wait", async (_, fault) => {
    const provider = await loaded();
    fault();
    provider.invalidate("OLD");
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    imds.delay(500);
    await advance(MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(MINUTE);
    expect(events.length).toBeGreaterThan(2);
    provider.close();
  });

  it("the rejected key stays rejected, whatever expiration it comes back with", async () => {
    const provider = await loaded();
    provider.invalidate("OLD");
    serve("OLD", 7 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events.at(-1)).toMatchObject({ kind: "mandatory", outcome: "unchanged" });
    for (let i = 0; i < 20; i++) {
      serve("OLD", 8 * HOUR + i);
      provider.invalidate("OLD");
      await callAndSettle(provider);
    }
    expect(events).toHaveLength(2);
    serve("NEW", 6 * HOUR);
    await advance(61 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it.each([6 * HOUR, 7 * HOUR, HOUR])(
    "a rejected key that is served again later (for %d ms) never replaces a valid one",
    async (lifetime) => {
      const provider = await loaded();
      provider.invalidate("OLD");
      serve("NEW", 6 * HOUR);
      expect(outcome(await callAndSettle(provider))).toBe("NEW");
      serve("OLD", lifetime);
      expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("NEW");
      await advance(10 * MINUTE);
      expect(outcome(await callAndSettle(provider))).toBe("NEW");
      expect(events.at(-1)).toMatchObject({ outcome: "unchanged" });
    },
  );

  it("a rejected key that is served again does not become fresh when the valid one has expired", async () => {
    const provider = await loaded();
    provider.invalidate("OLD");
    serve("NEW", 2 * HOUR);
    await callAndSettle(provider);
    serve("OLD", 6 * HOUR);
    await advance(2 * HOUR + MINUTE);
    await callAndSettle(provider);
    const refreshes = events.length;
    await advance(5 * MINUTE);
    expect(events.length).toBeGreaterThan(refreshes + 3);
    serve("LATER", 6 * HOUR);
    await advance(MINUTE + SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("LATER");
  });

  it.each([
    ["outside its own window", 2 * HOUR],
    ["inside its own window", 4 * MINUTE],
  ])("any other valid key replaces it, also one that lasts less long: %s", async (_, lifetime) => {
    const provider = await loaded();
    provider.invalidate("OLD");
    serve("SHORT", lifetime);
    expect(outcome(await callAndSettle(provider))).toBe("SHORT");
    expect(outcome(await callAndSettle(provider))).toBe("SHORT");
  });

  it("the object of rejected credentials expires at the rejection, so that clients with a cache ask again", async () => {
    const provider = await loaded();
    const { identity } = await callAndSettle(provider);
    await advance(SECOND);
    const rejectedAt = new Date();
    provider.invalidate("OLD");
    expect(identity?.expiration).toEqual(rejectedAt);
    // Served again, it is still the rejected key.
    await callAndSettle(provider);
    await advance(SECOND);
    expect((await callAndSettle(provider)).identity?.expiration).toEqual(rejectedAt);
  });

  it("the object of credentials that were merely replaced keeps its expiration, until they are rejected", async () => {
    const provider = await loaded();
    const { identity } = await callAndSettle(provider);
    const expiration = identity?.expiration;
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    expect(identity?.expiration).toEqual(expiration);
    provider.invalidate("OLD");
    expect(identity?.expiration).toEqual(new Date());
    expect(events).toHaveLength(2);
  });

  it("different credentials outside their own window end it, even if they last less long", async () => {
    const provider = await loaded();
    serve("SHORTER", 2 * HOUR);
    provider.invalidate("OLD");
    expect(outcome(await callAndSettle(provider))).toBe("SHORTER");
    await advance(10 * MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("SHORTER");
    expect(events).toHaveLength(2);
  });
});

describe("A rejection during a refresh is not lost", () => {
  it("a refresh that began before the rejection and brings the rejected key does not count: one more follows at once", async () => {
    const provider = await loaded();
    suspend(5 * HOUR);
    // The delayed response has the credentials of the moment that it was asked for.
    imds.delay(500);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    serve("NEW", 6 * HOUR);
    provider.invalidate("OLD");
    const after = await callAndSettle(provider);
    expect(outcome(after)).toBe("waiting");
    await advance(500);
    await advance(500);
    expect(outcome(after)).toBe("NEW");
    expect(events.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["initial", "new"],
      ["advisory", "unchanged"],
      ["mandatory", "new"],
    ]);
  });

  it("and if that one brings the rejected key too, a backoff follows", async () => {
    const provider = await loaded();
    suspend(5 * HOUR);
    imds.delay(500);
    await callAndSettle(provider);
    provider.invalidate("OLD");
    await advance(SECOND);
    for (let calls = 0; calls < 10; calls++) await callAndSettle(provider);
    expect(events).toHaveLength(3);
  });

  it("rejected during a refresh that fails: another refresh follows within 60 s", async () => {
    const provider = await loaded();
    imds.disable();
    imds.delay(500);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    await advance(500);
    expect(outcome(forced)).toBe("OLD");
    imds.recover();
    serve("NEW", 6 * HOUR);
    await advance(MINUTE + SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("rejected during a refresh that brings new credentials: these are good", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    provider.invalidate("OLD");
    await advance(500);
    expect(outcome(forced)).toBe("NEW");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    expect(events).toHaveLength(2);
  });

  it("a refresh that starts after the rejection is the same in the other order", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    provider.invalidate("OLD");
    const forced = await callAndSettle(provider, { forceRefresh: true });
    const plain = await callAndSettle(provider);
    await advance(500);
    expect([outcome(forced), outcome(plain)]).toEqual(["NEW", "NEW"]);
    expect(events).toHaveLength(2);
  });
});

describe("A rejection during a backoff is not lost, and shortens a longer backoff to 60 s from then", () => {
  it("a backoff of 5 min: a call 60 s after the rejection refreshes first", async () => {
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
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(2);
    await advance(1);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("without a call, the timer refreshes after those 60 s", async () => {
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

  it("a shorter backoff stays as it is", async () => {
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

  it("after expiration it is the backoff that counts", async () => {
    const provider = await loaded();
    imds.disable();
    suspend(7 * HOUR);
    await callAndSettle(provider);
    const refreshes = events.length;
    provider.invalidate("OLD");
    for (let calls = 0; calls < 5; calls++) expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(refreshes);
  });

  it("after a failed refresh calls do not wait, until 75 s have passed without any refresh", async () => {
    const provider = await loaded();
    provider.close();
    provider.invalidate("OLD");
    imds.disable();
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    imds.enable();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    // The backoff is over after 60 s.
    await advance(74 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    // After a 403 token and role name are read again: three requests.
    await advance(3 * 500);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    provider.invalidate("NEW");
    imds.disable();
    await callAndSettle(provider);
    await advance(500);
    imds.recover();
    serve("LATER", 6 * HOUR);
    imds.delay(500);
    await advance(75 * SECOND);
    const waits = await callAndSettle(provider);
    expect(outcome(waits)).toBe("waiting");
    await advance(3 * 500);
    expect(outcome(waits)).toBe("LATER");
  });
});
