import { beforeEach, describe, expect, it } from "vitest";
import type { RefreshEvent } from "../../src/index.js";
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
import { advance, settle, stubRandom, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

const inMs = (ms: number): Date => new Date(Date.now() + ms);

describe("status() in each state", () => {
  // The window and the maximum age as they are, without jitter.
  beforeEach(() => stubRandom(0));

  it("nothing yet: everything undefined, not stale", () => {
    expect(newProvider().status()).toEqual({
      roleName: undefined,
      expiration: undefined,
      nextRefresh: undefined,
      lastRefresh: undefined,
      stale: false,
      lastError: undefined,
    });
  });

  it("after a first load that failed: the error alone", async () => {
    const provider = newProvider();
    imds.disable();
    const failed = await callAndSettle(provider);
    expect(provider.status()).toEqual({
      roleName: undefined,
      expiration: undefined,
      nextRefresh: undefined,
      lastRefresh: undefined,
      stale: false,
      lastError: failed.error,
    });
  });

  it("fresh: next at the window or the maximum age, whichever is first", async () => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    expect(provider.status()).toEqual({
      roleName: "mock-role",
      expiration: inMs(6 * HOUR),
      nextRefresh: inMs(HOUR),
      lastRefresh: inMs(0),
      stale: false,
      lastError: undefined,
    });
    const without = newProvider(NO_MAX_AGE);
    await callAndSettle(without);
    expect(without.status().nextRefresh).toEqual(inMs(5 * HOUR));
  });

  it("in the window before a refresh: due now", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    suspend(5 * HOUR + MINUTE);
    expect(provider.status()).toMatchObject({ nextRefresh: inMs(0), stale: false });
  });

  it("backoff: next at its end, and why the last refresh failed", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    suspend(6 * HOUR - 200 * SECOND);
    imds.disable();
    stubRandom(0.5);
    await callAndSettle(provider);
    expect(provider.status()).toMatchObject({
      nextRefresh: inMs(45 * SECOND),
      lastRefresh: inMs(200 * SECOND - 6 * HOUR),
      stale: false,
      lastError: { code: "IMDS_FORBIDDEN" },
    });
  });

  it("invalidated: due now; expired: stale; refreshed: neither, and no error", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    provider.invalidate("SET");
    expect(provider.status()).toMatchObject({ nextRefresh: inMs(0), stale: false });
    imds.disable();
    suspend(6 * HOUR);
    await callAndSettle(provider);
    expect(provider.status()).toMatchObject({ stale: true, lastError: { code: "IMDS_FORBIDDEN" } });
    imds.enable();
    serve("NEW", 6 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    expect(provider.status()).toMatchObject({
      lastRefresh: inMs(0),
      nextRefresh: inMs(5 * HOUR),
      stale: false,
      lastError: undefined,
    });
  });

  it("it holds no secret", async () => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    const text = JSON.stringify(provider.status());
    for (const secret of ["secret-of-SET", "token-of-SET"]) expect(text).not.toContain(secret);
  });
});

describe("Events: one a refresh, with these fields and no others", () => {
  /** The only one since. */
  const last = (): RefreshEvent | undefined => events.at(-1);

  it("initial, new: the time it took, the requests, the role and the expiration", async () => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    const expiration = inMs(6 * HOUR);
    imds.delay(250);
    call(provider);
    await advance(SECOND);
    expect(events).toEqual([
      { kind: "initial", outcome: "new", durationMs: 750, requests: 3, roleName: "mock-role", expiration },
    ]);
  });

  it("the time that a later refresh took, whatever the wall clock shows by then", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    await advance(10 * SECOND);
    imds.delay(250);
    call(provider, { forceRefresh: true });
    await advance(SECOND);
    expect(events[1]).toMatchObject({ kind: "forced", durationMs: 250 });
  });

  it("initial, failed: the code, and no role or expiration", async () => {
    imds.disable();
    await callAndSettle(newProvider());
    expect(events).toStrictEqual([
      { kind: "initial", outcome: "failed", durationMs: 0, requests: 1, code: "IMDS_FORBIDDEN" },
    ]);
  });

  it.each([{}, { roleName: "named" }])(
    "an initial load that fails tells the role's name where it is known (%o)",
    async (options) => {
      imds.attachRole("named");
      imds.denyAssumeRole();
      await callAndSettle(newProvider(options));
      expect(events).toEqual([expect.objectContaining({ code: "ROLE_NOT_ASSUMABLE", roleName: "named" })]);
    },
  );

  it("the same key with another expiration counts as new credentials", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    serve("SET", 7 * HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    expect(events[1]).toMatchObject({ kind: "forced", outcome: "new", expiration: inMs(7 * HOUR) });
  });

  it("retries count as requests of their refresh", async () => {
    imds.fail({ on: "token", status: 500, times: 2 });
    call(newProvider());
    await advance(SECOND);
    expect(events).toHaveLength(1);
    // Waits of 100 and 200 ms, each times 1.5.
    expect(last()).toMatchObject({ outcome: "new", requests: 5, durationMs: 450 });
  });

  it("every kind and every outcome", async () => {
    const provider = newProvider();
    serve("A", 6 * HOUR);
    const expiration = inMs(6 * HOUR);
    await callAndSettle(provider);
    const rest = { durationMs: 0, roleName: "mock-role", expiration };
    suspend(HOUR);
    await callAndSettle(provider);
    expect(last()).toEqual({ ...rest, kind: "maxAge", outcome: "unchanged", requests: 1 });
    serve("PAST", -HOUR);
    await callAndSettle(provider, { forceRefresh: true });
    expect(last()).toEqual({ ...rest, kind: "forced", outcome: "expired", requests: 1 });
    imds.disable();
    suspend(4 * HOUR + MINUTE);
    await callAndSettle(provider);
    expect(last()).toEqual({
      ...rest,
      kind: "advisory",
      outcome: "failed",
      requests: 1,
      code: "IMDS_FORBIDDEN",
    });
    imds.enable();
    suspend(HOUR);
    serve("B", 6 * HOUR);
    const next = inMs(6 * HOUR);
    await callAndSettle(provider);
    expect(last()).toMatchObject({ kind: "mandatory", outcome: "new", expiration: next });
    expect(events).toHaveLength(5);
  });

  it("never a secret", async () => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    const text = JSON.stringify(events);
    for (const secret of ["SET", imds.requests[1]?.headers["x-aws-ec2-metadata-token"]]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe("Logs: one warning per outage, one line when it ends, debug for the rest", () => {
  function recorder() {
    const lines = {
      debug: [] as string[],
      info: [] as string[],
      warn: [] as string[],
      error: [] as string[],
    };
    const to = (level: keyof typeof lines) => (line: string) => void lines[level].push(line);
    return { lines, debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  }

  it("two outages, each through advisory, mandatory and expired", async () => {
    const logger = recorder();
    const provider = newProvider({ ...NO_MAX_AGE, logger });
    serve("A", 6 * HOUR);
    await callAndSettle(provider);
    expect(logger.lines).toMatchObject({ info: [], warn: [], error: [] });
    for (let outages = 1; outages <= 2; outages++) {
      imds.disable();
      await advance(7 * HOUR);
      expect(logger.lines.warn).toHaveLength(outages);
      expect(logger.lines.warn.at(-1)).toContain("IMDS_FORBIDDEN");
      expect(logger.lines.info).toHaveLength(outages - 1);
      imds.enable();
      serve(`AFTER-${outages}`, 6 * HOUR);
      await advance(2 * MINUTE);
      expect(logger.lines.info).toHaveLength(outages);
    }
    expect(logger.lines.error).toEqual([]);
    expect(logger.lines.debug).toHaveLength(events.length);
  });

  it("role gone is outcome once, and once that it is back", async () => {
    const logger = recorder();
    const provider = newProvider({ ...NO_MAX_AGE, logger });
    serve("A", 6 * HOUR);
    await callAndSettle(provider);
    imds.detachRole();
    await advance(7 * HOUR);
    for (let calls = 0; calls < 5; calls++) {
      expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
      await advance(MINUTE);
    }
    expect(logger.lines.warn).toHaveLength(1);
    imds.attachRole("back");
    await callAndSettle(provider);
    expect(logger.lines.info).toHaveLength(1);
  });

  it("a cold start on an expired document is an outage from the start", async () => {
    const logger = recorder();
    const provider = newProvider({ logger });
    serve("PAST", -HOUR);
    await callAndSettle(provider);
    await advance(10 * MINUTE);
    expect(logger.lines.warn).toHaveLength(1);
    serve("NEW", 6 * HOUR);
    await advance(75 * SECOND);
    expect(logger.lines).toMatchObject({ warn: [expect.any(String)], info: [expect.any(String)] });
  });

  it("no line holds a key or a token; a logger that throws breaks nothing", async () => {
    const logger = recorder();
    const fails = () => {
      throw new Error("disk full");
    };
    newProvider({ logger: { debug: fails, info: fails, warn: fails, error: fails } });
    const provider = newProvider({ ...NO_MAX_AGE, logger });
    serve("SET", 6 * HOUR);
    await callAndSettle(provider);
    imds.disable();
    await advance(7 * HOUR);
    const text = JSON.stringify(logger.lines);
    for (const secret of ["secret-of-SET", "token-of-SET"]) expect(text).not.toContain(secret);
    const throwing = newProvider({ logger: { debug: fails, info: fails, warn: fails, error: fails } });
    imds.enable();
    const made = call(throwing);
    await settle();
    expect(made.state).toBe("served");
  });

  it("a logger that rejects leaves no rejection unhandled", async () => {
    const rejections: unknown[] = [];
    const record = (reason: unknown) => void rejections.push(reason);
    process.on("unhandledRejection", record);
    const rejects = async () => {
      throw new Error("disk full");
    };
    const provider = newProvider({
      logger: { debug: rejects, info: rejects, warn: rejects, error: rejects },
    });
    const made = await callAndSettle(provider);
    process.off("unhandledRejection", record);
    expect(made.state).toBe("served");
    expect(rejections).toEqual([]);
  });
});
