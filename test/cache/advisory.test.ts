import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  ALMOST_ONE,
  call,
  callAndSettle,
  HOUR,
  MINUTE,
  NO_MAX_AGE,
  outcome,
  refreshSetup,
  SECOND,
} from "../support/refresh-setup.js";
import { advance, settle, stubRandom, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

// The window as it is, not made longer; a test of the jitter says so.
beforeEach(() => stubRandom(0));

/** No timer of Node fires earlier. */
const TIMER_MS = 1;

describe("Fresh: the kept promise is returned; no request, no closure, no lock", () => {
  it("every call gets the very same promise", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    const kept = provider();
    for (let calls = 0; calls < 10; calls++) expect(provider()).toBe(kept);
  });

  it("no request is made and no timer is set by it, until the window begins", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("FIRST", 6 * HOUR);
    await callAndSettle(provider);
    const timers = vi.getTimerCount();
    for (let minutes = 0; minutes < 300; minutes += 10) {
      expect(outcome(await callAndSettle(provider))).toBe("FIRST");
      await advance(10 * MINUTE - 1);
    }
    expect(imds.requests).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(timers);
  });
});

describe("Advisory: the time left is at most the window, chosen by the lifetime left when credentials arrive", () => {
  it.each([
    ["10 min", 10 * MINUTE, 5 * MINUTE],
    ["20 min", 20 * MINUTE, 5 * MINUTE],
    ["just over 20 min", 20 * MINUTE + SECOND, 15 * MINUTE],
    ["just under 90 min", 90 * MINUTE - SECOND, 15 * MINUTE],
    ["90 min", 90 * MINUTE, 60 * MINUTE],
    ["6 hours", 6 * HOUR, 60 * MINUTE],
  ])("%s", async (_, lifetime, window) => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", lifetime);
    await callAndSettle(provider);
    provider.close();
    await advance(lifetime - window - 1);
    serve("NEW", 6 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(1);
    await advance(1);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it.each([
    ["2 min of a set of 6 hours", 120, 6 * HOUR],
    ["2 hours of a set of 6 hours", 7200, 6 * HOUR],
    ["30 s of a set of 10 min", 30, 10 * MINUTE],
  ])("advisoryWindowSeconds overrides: %s", async (_, advisoryWindowSeconds, lifetime) => {
    const provider = newProvider({ ...NO_MAX_AGE, advisoryWindowSeconds });
    serve("OLD", lifetime);
    await callAndSettle(provider);
    provider.close();
    await advance(lifetime - advisoryWindowSeconds * SECOND - 1);
    await callAndSettle(provider);
    expect(events).toHaveLength(1);
    await advance(1);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
  });

  it("the window stays what it was when the credentials arrived, however short the time left has become", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 90 * MINUTE);
    await callAndSettle(provider);
    provider.close();
    // By the lifetime left now, 50 min, the window would be 15 min.
    await advance(40 * MINUTE);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
  });
});

describe("Advisory: one refresh runs in the background; callers get the cached credentials and never wait", () => {
  it("a call in the window starts it at once, and a hundred calls start only one", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    suspend(5 * HOUR);
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    const calls = Array.from({ length: 100 }, () => call(provider));
    await settle();
    expect(new Set(calls.map(outcome))).toEqual(new Set(["OLD"]));
    await advance(500);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ kind: "advisory", outcome: "new", requests: 1 });
  });

  it("no call waits while it takes minutes", async () => {
    const provider = newProvider({ ...NO_MAX_AGE, timeout: 10 * MINUTE });
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    suspend(5 * HOUR);
    imds.delay(9 * MINUTE);
    for (let minutes = 0; minutes < 9; minutes++) {
      expect(outcome(await callAndSettle(provider))).toBe("OLD");
      await advance(MINUTE - 1);
    }
    expect(imds.requests).toHaveLength(4);
  });
});

describe("Advisory: the moment of the refresh is drawn when credentials arrive: the window, 0 to 5 % longer", () => {
  const CASES = [
    ["6 hours", 60 * MINUTE, 0, 0, 6 * HOUR],
    ["6 hours", 60 * MINUTE, 0.5, 90 * SECOND, 6 * HOUR],
    ["6 hours", 60 * MINUTE, ALMOST_ONE, 180 * SECOND, 6 * HOUR],
    ["10 min", 5 * MINUTE, 0, 0, 10 * MINUTE],
    ["10 min", 5 * MINUTE, ALMOST_ONE, 15 * SECOND, 10 * MINUTE],
  ] as const;

  it.each(CASES)(
    "credentials of %s, window %d ms, random %d: a timer refreshes %d ms before the window",
    async (_, window, random, earlier, lifetime) => {
      stubRandom(random);
      const provider = newProvider(NO_MAX_AGE);
      serve("OLD", lifetime);
      await callAndSettle(provider);
      await advance(lifetime - window - earlier - 1);
      expect(events).toHaveLength(1);
      serve("NEW", lifetime);
      await advance(1 + TIMER_MS);
      expect(events[1]).toMatchObject({ kind: "advisory", outcome: "new" });
      expect(outcome(await callAndSettle(provider))).toBe("NEW");
    },
  );

  it.each(CASES)(
    "credentials of %s, window %d ms, random %d: a call refreshes %d ms before the window, and not sooner",
    async (_, window, random, earlier, lifetime) => {
      stubRandom(random);
      const provider = newProvider(NO_MAX_AGE);
      serve("OLD", lifetime);
      await callAndSettle(provider);
      provider.close();
      stubRandom(0.123);
      await advance(lifetime - window - earlier - 1);
      await callAndSettle(provider);
      expect(events).toHaveLength(1);
      await advance(1);
      await callAndSettle(provider);
      expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
    },
  );

  it("status().nextRefresh tells the moment from the start, and it does not move", async () => {
    stubRandom(0.5);
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    const expected = new Date(Date.now() + 5 * HOUR - 90 * SECOND);
    for (let minutes = 0; minutes < 290; minutes += 29) {
      expect(provider.status().nextRefresh).toEqual(expected);
      await advance(29 * MINUTE);
      stubRandom(0.9);
    }
  });

  it("many providers with equal credentials are spread over the 5 %", async () => {
    vi.mocked(Math.random).mockRestore();
    serve("OLD", 6 * HOUR);
    const moments: number[] = [];
    for (let i = 0; i < 200; i++) {
      const provider = newProvider(NO_MAX_AGE);
      await callAndSettle(provider);
      moments.push(Number(provider.status().nextRefresh));
    }
    const windowStart = Date.now() + 5 * HOUR;
    expect(Math.max(...moments)).toBeLessThanOrEqual(windowStart);
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(windowStart - 180 * SECOND);
    expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(120 * SECOND);
  });

  it("an idle process always has credentials that are far from expiration", async () => {
    imds.rotate(imds.credentials);
    imds.reset();
    const provider = newProvider(NO_MAX_AGE);
    await callAndSettle(provider);
    for (let hours = 0; hours < 48; hours++) {
      await advance(HOUR);
      const { expiration } = provider.status();
      expect(Number(expiration) - Date.now()).toBeGreaterThan(MINUTE);
    }
  });
});

describe("Maximum age: maxAgeSeconds after the last successful refresh another is due, in the background", () => {
  it("an hour by default: a call then starts it at once and does not wait", async () => {
    const provider = newProvider();
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    provider.close();
    await advance(HOUR - 1);
    serve("NEW", 6 * HOUR);
    imds.delay(100);
    await callAndSettle(provider);
    expect(imds.requests).toHaveLength(3);
    await advance(1);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(100);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "new", requests: 1 });
  });

  it("maxAgeSeconds sets it", async () => {
    stubRandom(0);
    const provider = newProvider({ maxAgeSeconds: 600 });
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    await advance(10 * MINUTE - 1);
    expect(events).toHaveLength(1);
    await advance(1 + TIMER_MS);
    expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
  });

  it.each([
    [0, HOUR],
    [0.5, HOUR - 90 * SECOND],
    [ALMOST_ONE, HOUR - 180 * SECOND],
  ])("without calls a timer starts it; random %d: after %d ms, 0 to 5 % sooner", async (random, after) => {
    stubRandom(random);
    const provider = newProvider();
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    await advance(after - 1);
    expect(events).toHaveLength(1);
    await advance(1 + TIMER_MS);
    expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
  });

  it("that it brings the same credentials is a success: the next is due after the same time again", async () => {
    const provider = newProvider({ maxAgeSeconds: 600 });
    serve("SAME", 6 * HOUR);
    await callAndSettle(provider);
    provider.close();
    for (let refreshes = 1; refreshes <= 4; refreshes++) {
      expect(events).toHaveLength(refreshes);
      await advance(10 * MINUTE - 1);
      await callAndSettle(provider);
      expect(events).toHaveLength(refreshes);
      await advance(1);
      await callAndSettle(provider);
      expect(events[refreshes]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
    }
    expect(provider.status().lastError).toBeUndefined();
  });

  it("it counts from the last successful refresh, whatever triggered it", async () => {
    const provider = newProvider({ maxAgeSeconds: 600 });
    serve("SAME", 6 * HOUR);
    await callAndSettle(provider);
    provider.close();
    await advance(9 * MINUTE);
    await callAndSettle(provider, { forceRefresh: true });
    await advance(10 * MINUTE - 1);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "forced"]);
    await advance(1);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "forced", "maxAge"]);
  });

  it("a replaced role is noticed", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    imds.attachRole("another-role");
    await advance(HOUR + 3 * MINUTE);
    expect(provider.status().roleName).toBe("another-role");
    expect(outcome(await callAndSettle(provider))).toBe(imds.credentials?.accessKeyId);
  });

  it("unchanged credentials that have entered their window are refreshed as in the window", async () => {
    const provider = newProvider();
    serve("SAME", 105 * MINUTE);
    await callAndSettle(provider);
    provider.close();
    // 44 min left, in the window since 59 min: the maximum age is over too, and the window is what counts.
    await advance(61 * MINUTE);
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "advisory", outcome: "unchanged" });
  });
});
