import { describe, expect, it } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import {
  ALMOST_ONE,
  callAndSettle,
  HOUR,
  MINUTE,
  NO_MAX_AGE,
  outcome,
  refreshSetup,
  SECOND,
} from "../support/refresh-setup.js";
import { advance, setClockBack, stubRandom, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

/** A closed provider, which refreshes on calls only, whose six-hour credentials have so much time left. */
async function withTimeLeft(left: number, options: object = NO_MAX_AGE): Promise<InstanceRoleProvider> {
  const provider = newProvider({ maxRetries: 0, ...options });
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  provider.close();
  suspend(6 * HOUR - left);
  return provider;
}

/** Expects that a call refreshes again after exactly this long from now, and not before. */
async function expectBackoffOf(ms: number, provider: InstanceRoleProvider): Promise<void> {
  const refreshes = events.length;
  for (const wait of [0, Math.floor(ms / 2), Math.ceil(ms / 2) - 1]) {
    await advance(wait);
    expect((await callAndSettle(provider)).state).toBe("served");
  }
  expect(events).toHaveLength(refreshes);
  await advance(1);
  await callAndSettle(provider);
  expect(events).toHaveLength(refreshes + 1);
}

describe("The backoff while the credentials are valid: a random 15 to 30 % of the time left, at least a random 2 to 5 s, at most 5 min", () => {
  it.each([
    ["a share of the time left", 600 * SECOND, 0, 90 * SECOND],
    ["a share of the time left", 600 * SECOND, 0.5, 135 * SECOND],
    ["a share of the time left", 600 * SECOND, ALMOST_ONE, 180 * SECOND],
    ["at most 5 min", 3000 * SECOND, 0, 300 * SECOND],
    ["at most 5 min", 3000 * SECOND, ALMOST_ONE, 300 * SECOND],
    ["at least 2 to 5 s", 6 * SECOND, 0, 2 * SECOND],
    ["at least 2 to 5 s", 6 * SECOND, 0.5, 3.5 * SECOND],
    ["at least 2 to 5 s", 6 * SECOND, ALMOST_ONE, 5 * SECOND],
  ])("%s: with %d ms left and random at %d, %d ms", async (_, left, random, backoff) => {
    const provider = await withTimeLeft(left);
    imds.disable();
    stubRandom(random);
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ outcome: "failed" });
    await expectBackoffOf(backoff, provider);
  });

  it.each([
    ["at most 60 s if the credentials were rejected", 3000 * SECOND, 0.5, 60 * SECOND],
    ["and less if that share of the time left is less", 200 * SECOND, 0, 30 * SECOND],
  ])("%s", async (_, left, random, backoff) => {
    const provider = await withTimeLeft(left);
    provider.invalidate("OLD");
    imds.disable();
    stubRandom(random);
    await callAndSettle(provider);
    await expectBackoffOf(backoff, provider);
  });
});

describe("The backoff follows a refresh that failed, or in the advisory or mandatory state brought nothing new", () => {
  const left = 600 * SECOND;
  const backoff = 135 * SECOND;

  it.each([
    ["failed", "failed", () => imds.disable()],
    ["brought the same credentials", "unchanged", () => {}],
    ["brought expired credentials", "expired", () => serve("PAST", -MINUTE)],
  ])("in the advisory state: a refresh that %s", async (_, expected, fault) => {
    const provider = await withTimeLeft(left);
    fault();
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events[1]).toMatchObject({ kind: "advisory", outcome: expected });
    await expectBackoffOf(backoff, provider);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
  });

  it("credentials inside their own window that do not last longer are nothing new", async () => {
    const provider = await withTimeLeft(200 * SECOND);
    serve("SHORTER", 199 * SECOND);
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "advisory", outcome: "unchanged" });
    await expectBackoffOf(45 * SECOND, provider);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
  });

  it("credentials inside their own window are kept if they last longer, and a backoff follows all the same", async () => {
    const provider = await withTimeLeft(200 * SECOND);
    // Of 300 s left, the window is 5 min: it is inside from the start.
    serve("LONGER", 300 * SECOND);
    await callAndSettle(provider);
    expect(outcome(await callAndSettle(provider))).toBe("LONGER");
    expect(events[1]).toMatchObject({ kind: "advisory", outcome: "new" });
    await expectBackoffOf(67.5 * SECOND, provider);
  });

  it.each([
    ["failed", "failed", () => imds.disable()],
    ["brought the same credentials", "unchanged", () => {}],
    ["brought expired credentials", "expired", () => serve("PAST", -MINUTE)],
  ])("in the last minute: a refresh that %s", async (_, expected, fault) => {
    const provider = await withTimeLeft(40 * SECOND);
    fault();
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "mandatory", outcome: expected });
    await expectBackoffOf(9 * SECOND, provider);
  });

  it("in the fresh state a refresh for the maximum age that failed", async () => {
    const provider = await withTimeLeft(4 * HOUR, {});
    imds.disable();
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "failed" });
    await expectBackoffOf(5 * MINUTE, provider);
  });

  it("but not one for the maximum age that brought the same credentials", async () => {
    const provider = await withTimeLeft(4 * HOUR, {});
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
    suspend(HOUR);
    await callAndSettle(provider);
    expect(events[2]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
  });

  it("the timer refreshes when the backoff ends, without a call", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 20 * MINUTE);
    await callAndSettle(provider);
    imds.disable();
    // The window of 5 min begins after 15 min; at 0.5 the timer comes 7.5 s sooner.
    await advance(15 * MINUTE - 7.5 * SECOND);
    expect(events).toHaveLength(2);
    const backoff = 0.225 * (5 * MINUTE + 7.5 * SECOND);
    await advance(backoff - 1);
    expect(events).toHaveLength(2);
    // Timers have whole milliseconds.
    await advance(3);
    expect(events).toHaveLength(3);
  });
});

describe("The backoff: no refresh for a while, whatever is called or rejected (only forceRefresh is not bound)", () => {
  it.each([
    ["the advisory state", 600 * SECOND],
    ["the last minute", 40 * SECOND],
  ])("in %s", async (_, left) => {
    const provider = await withTimeLeft(left);
    imds.disable();
    await callAndSettle(provider);
    provider.invalidate("OLD");
    for (let calls = 0; calls < 10; calls++) expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(2);
    imds.enable();
    serve("NEW", 6 * HOUR);
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("NEW");
    expect(events[2]).toMatchObject({ kind: "forced", outcome: "new" });
  });

  it("forceRefresh that brought new credentials ends the backoff for all", async () => {
    const provider = await withTimeLeft(600 * SECOND);
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    suspend(5 * HOUR);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory", "forced", "advisory"]);
  });

  it("forceRefresh that fails returns the cached credentials and starts a backoff of its own", async () => {
    const provider = await withTimeLeft(4 * HOUR);
    imds.disable();
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("OLD");
    suspend(3 * HOUR);
    await callAndSettle(provider);
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "forced", "advisory"]);
  });
});

describe("The backoff once the credentials have expired: from about a second doubling to a random 30 to 60 s", () => {
  /** The waits between refreshes with ten calls a second. */
  async function waitsOf(provider: InstanceRoleProvider, refreshes: number): Promise<number[]> {
    const moments: number[] = [];
    for (let seen = events.length; moments.length < refreshes; await advance(100)) {
      await callAndSettle(provider);
      if (events.length > seen) moments.push(performance.now());
      seen = events.length;
    }
    return moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
  }

  it.each([0, 0.5, ALMOST_ONE])("random at %d", async (random) => {
    const provider = await withTimeLeft(-SECOND);
    imds.disable();
    stubRandom(random);
    const waits = await waitsOf(provider, 10);
    expect(waits[0]).toBeGreaterThanOrEqual(500);
    expect(waits[0]).toBeLessThanOrEqual(1500);
    const limit = 30 * SECOND * (1 + random);
    for (const [index, wait] of waits.slice(1).entries()) {
      const doubled = Math.min(2 * (waits[index] ?? 0), limit);
      // Calls come every 100 ms, which each wait is rounded up to.
      expect(Math.abs(wait - doubled)).toBeLessThanOrEqual(200);
    }
    expect(waits.at(-1)).toBeGreaterThanOrEqual(limit);
    expect(waits.at(-1)).toBeLessThanOrEqual(limit + 100);
  });

  it("it starts with a second also after backoffs before the expiration", async () => {
    const provider = await withTimeLeft(10 * MINUTE);
    imds.disable();
    await advance(10 * MINUTE);
    const [first, second] = await waitsOf(provider, 3);
    expect(first).toBeLessThanOrEqual(1500);
    expect(second).toBeLessThanOrEqual(2500);
  });

  it("it starts again with credentials that were inside their own window all the time", async () => {
    const provider = await withTimeLeft(-SECOND);
    imds.disable();
    await waitsOf(provider, 6);
    imds.enable();
    serve("NEXT", 30 * SECOND);
    await callAndSettle(provider, { forceRefresh: true });
    imds.disable();
    await advance(30 * SECOND);
    const [first] = await waitsOf(provider, 2);
    expect(first).toBeLessThanOrEqual(1500);
  });

  it("it starts again with the next credentials that expire", async () => {
    const provider = await withTimeLeft(-SECOND);
    imds.disable();
    await waitsOf(provider, 6);
    imds.enable();
    serve("NEXT", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    imds.disable();
    suspend(7 * HOUR);
    const [first] = await waitsOf(provider, 2);
    expect(first).toBeLessThanOrEqual(1500);
  });

  it.each([0, 0.5, ALMOST_ONE])(
    "an outage costs at most 20 refreshes in any minute and 150 in any hour, random at %d",
    async (random) => {
      stubRandom(random);
      const provider = newProvider({ maxRetries: 0 });
      serve("OLD", 30 * MINUTE);
      await callAndSettle(provider);
      imds.disable();
      const moments: number[] = [];
      // Ten minutes before the expiration, when refreshes are closest to each other, and an hour of the outage.
      await advance(20 * MINUTE);
      for (let seen = events.length, seconds = 0; seconds < 70 * 60; seconds += 2) {
        await callAndSettle(provider);
        await advance(2 * SECOND);
        for (; seen < events.length; seen++) moments.push(performance.now());
      }
      const most = (span: number) =>
        Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + span).length));
      expect(most(MINUTE)).toBeLessThanOrEqual(20);
      expect(most(HOUR)).toBeLessThanOrEqual(150);
    },
  );
});

describe("Two clocks: a backoff is over when either the wall clock or the monotonic one says so", () => {
  it("the machine slept: the next call refreshes", async () => {
    const provider = await withTimeLeft(600 * SECOND);
    imds.disable();
    await callAndSettle(provider);
    suspend(135 * SECOND);
    await callAndSettle(provider);
    expect(events).toHaveLength(3);
  });

  it.each([MINUTE, HOUR])(
    "the wall clock was set back by %d ms: the backoff is no longer for it",
    async (back) => {
      const provider = await withTimeLeft(40 * MINUTE, {});
      imds.disable();
      provider.invalidate("OLD");
      await callAndSettle(provider);
      setClockBack(back);
      await expectBackoffOf(60 * SECOND, provider);
    },
  );
});
