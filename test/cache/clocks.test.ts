import { describe, expect, it } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import {
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

async function loaded(interest: "open" | "closed", options: object = {}): Promise<InstanceRoleProvider> {
  const provider = newProvider(options);
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  if (interest === "closed") provider.close();
  return provider;
}

const BOTH = ["open", "closed"] as const;

describe("Expiry is wall-clock: a suspended machine wakes into the truth", () => {
  it.each(BOTH)(
    "%s provider: slept past the expiration, the first call waits for a new set",
    async (interest) => {
      const provider = await loaded(interest);
      suspend(8 * HOUR);
      serve("NEW", 6 * HOUR);
      imds.delay(500);
      const first = await callAndSettle(provider);
      expect(outcome(first)).toBe("waiting");
      await advance(1500);
      expect(outcome(first)).toBe("NEW");
    },
  );

  it.each(BOTH)(
    "%s provider: slept into the window, the first call refreshes in the background",
    async (interest) => {
      const provider = await loaded(interest, NO_MAX_AGE);
      suspend(5 * HOUR + MINUTE);
      serve("NEW", 6 * HOUR);
      expect(outcome(await callAndSettle(provider))).toBe("OLD");
      expect(outcome(await callAndSettle(provider))).toBe("NEW");
      expect(events[1]?.kind).toBe("advisory");
    },
  );

  it.each(BOTH)(
    "%s provider: slept past the maximum age, the first call refreshes in the background",
    async (interest) => {
      const provider = await loaded(interest);
      suspend(HOUR);
      await callAndSettle(provider);
      expect(events[1]).toMatchObject({ kind: "maxAge", outcome: "unchanged" });
    },
  );

  it("status() tells the truth right after waking, before any call", async () => {
    const provider = await loaded("open");
    suspend(8 * HOUR);
    expect(provider.status().stale).toBe(true);
  });

  it("slept through the end of an outage: the first call waits and does not get the expired credentials", async () => {
    const provider = await loaded("open", NO_MAX_AGE);
    imds.disable();
    await advance(7 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    suspend(10 * HOUR);
    imds.enable();
    serve("NEW", 6 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("closed through the end of an outage: the first call waits and does not get the expired credentials", async () => {
    const provider = await loaded("closed", NO_MAX_AGE);
    imds.disable();
    await advance(7 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(10 * HOUR);
    imds.enable();
    serve("NEW", 6 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });
});

describe("A maximum age is over when either the wall clock or the monotonic one says so; a clock set back breaks nothing", () => {
  it("open provider: the timer refreshes by the monotonic clock", async () => {
    await loaded("open");
    setClockBack(30 * 24 * HOUR);
    await advance(HOUR + 3 * MINUTE);
    expect(events[1]).toMatchObject({ kind: "maxAge" });
  });

  it.each(BOTH)("%s provider: a call refreshes by the monotonic clock", async (interest) => {
    stubRandom(0);
    const provider = await loaded(interest);
    await callAndSettle(provider);
    setClockBack(30 * 24 * HOUR);
    await callAndSettle(provider);
    await advance(HOUR - 1);
    await callAndSettle(provider);
    expect(events).toHaveLength(1);
    await advance(1);
    await callAndSettle(provider);
    expect(events[1]).toMatchObject({ kind: "maxAge" });
  });

  it.each(BOTH)("%s provider: in its window, then set back out of it, then in it again", async (interest) => {
    const provider = await loaded(interest, NO_MAX_AGE);
    suspend(5 * HOUR + MINUTE);
    imds.disable();
    await callAndSettle(provider);
    expect(events[1]?.kind).toBe("advisory");
    setClockBack(2 * HOUR);
    imds.enable();
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    suspend(2 * HOUR);
    serve("NEW", 6 * HOUR);
    await advance(5 * MINUTE);
    await callAndSettle(provider);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it.each(BOTH)("%s provider: expired, then set back: it is valid again and not stale", async (interest) => {
    const provider = await loaded(interest, NO_MAX_AGE);
    imds.disable();
    suspend(7 * HOUR);
    await callAndSettle(provider);
    expect(provider.status().stale).toBe(true);
    setClockBack(3 * HOUR);
    expect(provider.status().stale).toBe(false);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
  });

  it("set back during a refresh: what it brings is cached", async () => {
    const provider = await loaded("open");
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    setClockBack(24 * HOUR);
    await advance(500);
    expect(outcome(forced)).toBe("NEW");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("suspended during a refresh: what it brings is cached", async () => {
    const provider = await loaded("open");
    imds.delay(500);
    serve("NEW", 24 * HOUR);
    const forced = await callAndSettle(provider, { forceRefresh: true });
    suspend(8 * HOUR);
    await advance(500);
    expect(outcome(forced)).toBe("NEW");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("set forward by hours and back again within seconds: no call is rejected, the credentials are fresh as before", async () => {
    const provider = await loaded("open");
    for (let jumps = 0; jumps < 5; jumps++) {
      suspend(3 * HOUR);
      expect((await callAndSettle(provider)).state).toBe("served");
      await advance(2 * SECOND);
      setClockBack(3 * HOUR);
      expect((await callAndSettle(provider)).state).toBe("served");
    }
    expect(provider.status().stale).toBe(false);
  });
});

describe("After a failed refresh calls do not wait: that ends with the state in which it failed", () => {
  it("a clock that was ahead and is right again: the next call after an invalidation waits", async () => {
    const provider = await loaded("open", NO_MAX_AGE);
    suspend(10 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    setClockBack(10 * HOUR);
    await advance(5 * MINUTE);
    serve("NEW", 6 * HOUR);
    provider.invalidate("OLD");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });

  it("slept through the end of an outage: a call also waits for the refresh that the timer has started", async () => {
    const provider = await loaded("open", NO_MAX_AGE);
    imds.disable();
    await advance(7 * HOUR);
    suspend(10 * HOUR);
    imds.enable();
    serve("NEW", 6 * HOUR);
    imds.delay(500);
    while (events.at(-1)?.outcome !== "new" && imds.requests.at(-1)?.status !== 200) await advance(10);
    const made = await callAndSettle(provider);
    await advance(2 * SECOND);
    expect(outcome(made)).toBe("NEW");
  });
});

describe("A timer that fires while nothing is due, since the wall clock was set back", () => {
  it("refreshes when it is due by the wall clock, and not before", async () => {
    const provider = await loaded("open", NO_MAX_AGE);
    setClockBack(HOUR);
    await advance(5 * HOUR + 5 * MINUTE);
    expect(events).toHaveLength(1);
    await advance(HOUR);
    expect(events[1]).toMatchObject({ kind: "advisory" });
    expect(provider.status().stale).toBe(false);
  });
});
