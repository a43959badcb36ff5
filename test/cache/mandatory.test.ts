import { describe, expect, it } from "vitest";
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

/** A closed provider with six-hour credentials of which so much is left, and which were not refreshed since. */
async function withTimeLeft(left: number, options: object = {}): ReturnType<typeof loaded> {
  const provider = await loaded(options);
  suspend(6 * HOUR - left);
  return provider;
}

async function loaded(options: object): Promise<ReturnType<typeof newProvider>> {
  const provider = newProvider({ ...NO_MAX_AGE, ...options });
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  provider.close();
  return provider;
}

describe("Mandatory: callers wait for the one shared refresh", () => {
  it.each([
    ["in the last minute", MINUTE, {}],
    ["in the last fifth of a window of 100 s", 20 * SECOND, { advisoryWindowSeconds: 100 }],
    ["in the last minute of a window of 10 min", MINUTE, { advisoryWindowSeconds: 600 }],
    ["once it has expired", 0, {}],
    ["an hour after it has expired", -HOUR, {}],
  ])("%s", async (_, left, options) => {
    const provider = await withTimeLeft(left, options);
    serve("NEW", 6 * HOUR);
    imds.delay(200);
    const calls = Array.from({ length: 100 }, () => call(provider));
    await settle();
    expect(new Set(calls.map(outcome))).toEqual(new Set(["waiting"]));
    await advance(1000);
    expect(new Set(calls.map(outcome))).toEqual(new Set(["NEW"]));
    expect(events.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["initial", "new"],
      ["mandatory", "new"],
    ]);
  });

  it.each([
    ["a moment before the last minute", MINUTE + 1, {}],
    ["a moment before the last fifth of a window of 100 s", 20 * SECOND + 1, { advisoryWindowSeconds: 100 }],
  ])("but not %s", async (_, left, options) => {
    const provider = await withTimeLeft(left, options);
    imds.delay(500);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(1000);
    expect(events[1]?.kind).toBe("advisory");
  });

  it("a refresh that started in the advisory state is the one that callers of the last minute wait for", async () => {
    const provider = await withTimeLeft(MINUTE + 200);
    serve("NEW", 6 * HOUR);
    imds.delay(300);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(200);
    const later = await callAndSettle(provider);
    expect(outcome(later)).toBe("waiting");
    await advance(800);
    expect(outcome(later)).toBe("NEW");
    expect(events.map(({ kind }) => kind)).toEqual(["initial", "advisory"]);
  });

  it("the timer refreshes before it comes to that, and again in the last minute", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    await advance(6 * HOUR);
    expect(events.map(({ kind }) => kind)).toContain("advisory");
    expect(events.map(({ kind }) => kind)).toContain("mandatory");
  });
});

describe("Mandatory: if it fails they get the cached credentials", () => {
  it.each([
    ["in the last minute", MINUTE],
    ["once it has expired", -MINUTE],
  ])("%s", async (_, left) => {
    const provider = await withTimeLeft(left);
    imds.disable();
    imds.delay(500);
    const waits = await callAndSettle(provider);
    expect(outcome(waits)).toBe("waiting");
    await advance(1000);
    expect(outcome(waits)).toBe("OLD");
    expect(Number(waits.identity?.expiration)).toBe(Date.now() - 1000 + left);
    expect(events[1]).toMatchObject({ kind: "mandatory", outcome: "failed", code: "IMDS_FORBIDDEN" });
  });
});

describe("Mandatory: once a refresh has failed or brought nothing new, calls do not wait", () => {
  it.each([
    ["failed, in the last minute", MINUTE, () => imds.disable()],
    ["failed, after expiration", -MINUTE, () => imds.disable()],
    ["brought the same credentials", MINUTE, () => {}],
    ["brought expired credentials", -MINUTE, () => serve("PAST", -MINUTE)],
  ])("a refresh that %s", async (_, left, fault) => {
    const provider = await withTimeLeft(left);
    fault();
    const first = await callAndSettle(provider);
    expect(first.state).toBe("served");
    imds.delay(500);
    // At most 30 % of a minute, and a second or so once expired: the backoff is over after each of these steps.
    for (let refreshes = 2; refreshes < 4; refreshes++) {
      expect(events).toHaveLength(refreshes);
      await advance(20 * SECOND);
      const next = await callAndSettle(provider);
      expect(next.state).toBe("served");
      await advance(1000);
      expect(events[refreshes]).toMatchObject({ kind: "mandatory" });
    }
  });

  it("refreshes go on in the background, and what they bring is returned", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    imds.disable();
    await advance(7 * HOUR);
    expect(provider.status().stale).toBe(true);
    imds.enable();
    serve("NEW", 6 * HOUR);
    await advance(75 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("callers wait again in the last minute of the next credentials", async () => {
    const provider = await withTimeLeft(MINUTE);
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    serve("NEXT", 6 * HOUR);
    await advance(30 * SECOND);
    await callAndSettle(provider);
    expect(outcome(await callAndSettle(provider))).toBe("NEXT");
    suspend(6 * HOUR - 30 * SECOND);
    imds.delay(500);
    expect(outcome(await callAndSettle(provider))).toBe("waiting");
  });

  it("a refresh that failed in the advisory state does not count: the last minute makes callers wait", async () => {
    const provider = await withTimeLeft(61 * SECOND);
    imds.disable();
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    imds.enable();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    // 15 to 30 % of 61 s is over.
    await advance(20 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("waiting");
  });

  it("but during its backoff they get the cached credentials", async () => {
    const provider = await withTimeLeft(61 * SECOND);
    imds.disable();
    await callAndSettle(provider);
    await advance(5 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(events).toHaveLength(2);
  });
});
