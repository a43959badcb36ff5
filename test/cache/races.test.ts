import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import { clearSharedCredentials } from "../../src/testing/index.js";
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

const FORCE = { forceRefresh: true };

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});
afterEach(() => {
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

async function loaded(options: object = {}): Promise<InstanceRoleProvider> {
  const provider = newProvider({ ...NO_MAX_AGE, ...options });
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  return provider;
}

describe("forceRefresh refreshes whatever the state, joining a refresh in flight", () => {
  it("with fresh credentials: refreshes, waits and caches what comes", async () => {
    const provider = await loaded();
    serve("NEW", 6 * HOUR);
    imds.delay(100);
    const forced = await callAndSettle(provider, FORCE);
    expect(outcome(forced)).toBe("waiting");
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(100);
    expect(outcome(forced)).toBe("NEW");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    expect(events[1]).toMatchObject({ kind: "forced", outcome: "new" });
  });

  it("a refresh in flight, then forceRefresh: one refresh, and forceRefresh waits for it", async () => {
    const provider = await loaded();
    suspend(5 * HOUR + MINUTE);
    serve("NEW", 6 * HOUR);
    imds.delay(100);
    const plain = await callAndSettle(provider);
    const forced = await callAndSettle(provider, FORCE);
    expect([outcome(plain), outcome(forced)]).toEqual(["OLD", "waiting"]);
    await advance(100);
    expect(outcome(forced)).toBe("NEW");
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
  });

  it("forceRefresh in flight, then a refresh that is due: one refresh", async () => {
    const provider = await loaded();
    suspend(5 * HOUR + MINUTE);
    serve("NEW", 6 * HOUR);
    imds.delay(100);
    const forced = await callAndSettle(provider, FORCE);
    const plain = await callAndSettle(provider);
    expect([outcome(plain), outcome(forced)]).toEqual(["OLD", "waiting"]);
    await advance(100);
    expect(outcome(forced)).toBe("NEW");
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "forced"]);
  });

  it("the initial load in flight, then forceRefresh; and the other way round", async () => {
    for (const props of [
      [undefined, FORCE],
      [FORCE, undefined],
    ] as const) {
      const provider = newProvider();
      const before = events.length;
      imds.delay(100);
      const calls = props.map((each) => call(provider, each));
      await advance(300);
      expect(calls.map(({ state }) => state)).toEqual(["served", "served"]);
      expect(events.slice(before).map(({ kind }) => kind)).toEqual([props[0] ? "forced" : "initial"]);
    }
  });

  it("ten at once are one refresh", async () => {
    const provider = await loaded();
    const calls = Array.from({ length: 10 }, () => call(provider, FORCE));
    await settle();
    expect(new Set(calls.map(outcome))).toEqual(new Set(["OLD"]));
    expect(events).toHaveLength(2);
  });

  it("if that fails, the cached credentials are returned; the error only if there is none", async () => {
    const provider = await loaded();
    imds.disable();
    expect(outcome(await callAndSettle(provider, FORCE))).toBe("OLD");
    expect(outcome(await callAndSettle(newProvider(), FORCE))).toBe("IMDS_FORBIDDEN");
  });
});

describe("A refresh in flight and close(), in both orders", () => {
  it("close during the initial load: the caller gets the credentials, nothing follows", async () => {
    const provider = newProvider();
    imds.delay(100);
    const first = await callAndSettle(provider);
    provider.close();
    await advance(SECOND);
    expect(first.state).toBe("served");
    await advance(24 * HOUR);
    expect(events).toHaveLength(1);
  });

  it("close before the first call: it still loads on demand, and nothing follows", async () => {
    const provider = newProvider();
    provider.close();
    expect((await callAndSettle(provider)).state).toBe("served");
    await advance(24 * HOUR);
    expect(events).toHaveLength(1);
    expect((await callAndSettle(provider)).state).toBe("served");
    expect(events).toHaveLength(2);
  });

  it("close during a background refresh: what it brings is cached, and no timer follows", async () => {
    const provider = await loaded();
    suspend(5 * HOUR + MINUTE);
    serve("NEW", 6 * HOUR);
    imds.delay(100);
    await callAndSettle(provider);
    provider[Symbol.dispose]();
    await advance(100);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    await advance(24 * HOUR);
    expect(events).toHaveLength(2);
  });

  it("close during a refresh that fails: no timer follows its backoff", async () => {
    const provider = await loaded();
    suspend(5 * HOUR + MINUTE);
    imds.disable();
    imds.delay(100);
    await callAndSettle(provider);
    provider.close();
    await advance(2 * HOUR);
    expect(events).toHaveLength(2);
  });

  it("a refresh after close: a call in the window starts one", async () => {
    const provider = await loaded();
    provider.close();
    await advance(5 * HOUR + MINUTE);
    expect(events).toHaveLength(1);
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });
});

describe("A refresh that finishes late never overwrites newer credentials", () => {
  it("a response that was on its way while newer credentials appeared is followed by the newer one, never the reverse", async () => {
    const provider = await loaded();
    serve("SECOND", 6 * HOUR);
    imds.delay(500);
    const late = await callAndSettle(provider, FORCE);
    serve("THIRD", 7 * HOUR);
    const joined = await callAndSettle(provider, FORCE);
    await advance(500);
    expect([outcome(late), outcome(joined)]).toEqual(["SECOND", "SECOND"]);
    imds.delay(0);
    expect(outcome(await callAndSettle(provider, FORCE))).toBe("THIRD");
    await advance(MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("THIRD");
  });

  it("a refresh of a shared cache that was cleared leaves the new cache alone", async () => {
    const provider = newProvider({ shared: true });
    serve("SECOND", 6 * HOUR);
    imds.delay(900, "credentials");
    const late = await callAndSettle(provider);
    clearSharedCredentials();
    imds.delay(0);
    serve("THIRD", 6 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("THIRD");
    await advance(SECOND);
    expect(outcome(late)).toBe("SECOND");
    expect(outcome(await callAndSettle(provider))).toBe("THIRD");
    expect(Number(provider.status().lastRefresh)).toBe(Date.now() - SECOND);
  });

  it("an expired response never replaces valid credentials, even with forceRefresh", async () => {
    const provider = await loaded();
    serve("PAST", -MINUTE);
    expect(outcome(await callAndSettle(provider, FORCE))).toBe("OLD");
    expect(events[1]).toMatchObject({ kind: "forced", outcome: "expired" });
  });
});

describe("A failed load is not kept; no promise rejection is ever unhandled", () => {
  it("background refreshes that fail leave no unhandled rejection", async () => {
    const provider = await loaded();
    imds.disable();
    await advance(7 * HOUR);
    expect(events.length).toBeGreaterThan(50);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
  });

  it("a refresh that fails after its credentials were dropped leaves no unhandled rejection", async () => {
    const provider = await loaded();
    imds.detachRole();
    await advance(12 * HOUR);
    expect(provider.status().expiration).toBeUndefined();
    imds.attachRole("back");
    expect((await callAndSettle(provider)).state).toBe("served");
  });

  it("each caller of a failed load has a rejection of its own to handle, and the next call starts over", async () => {
    const provider = newProvider({ maxRetries: 0 });
    imds.fail({ status: 500 });
    const calls = [call(provider), call(provider)];
    await settle();
    expect(calls.map(outcome)).toEqual(["SERVER_ERROR", "SERVER_ERROR"]);
    expect((await callAndSettle(provider)).state).toBe("served");
  });
});
