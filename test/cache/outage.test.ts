import { describe, expect, it, vi } from "vitest";
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
import { advance, setClockBack, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

async function loaded(options: object = {}): Promise<InstanceRoleProvider> {
  const provider = newProvider({ ...NO_MAX_AGE, ...options });
  serve("OLD", 6 * HOUR);
  await callAndSettle(provider);
  return provider;
}

const GONE = {
  NO_ROLE_ATTACHED: () => imds.detachRole(),
  ROLE_NOT_ASSUMABLE: () => imds.denyAssumeRole(),
} as const;

const codes = Object.keys(GONE) as (keyof typeof GONE)[];

describe("IMDS down: expired credentials are still returned, marked stale", () => {
  it("for hours", async () => {
    const provider = await loaded();
    imds.disable();
    await advance(6 * HOUR - 1);
    expect(provider.status().stale).toBe(false);
    await advance(1);
    expect(provider.status().stale).toBe(true);
    for (let hours = 0; hours < 3; hours++) {
      const { identity } = await callAndSettle(provider);
      expect(identity?.accessKeyId).toBe("OLD");
      expect(Number(identity?.expiration)).toBeLessThanOrEqual(Date.now());
      await advance(HOUR);
    }
  });

  it("and no longer stale with the first new credentials", async () => {
    const provider = await loaded();
    imds.disable();
    await advance(7 * HOUR);
    imds.enable();
    serve("NEW", 6 * HOUR);
    await advance(75 * SECOND);
    expect(provider.status().stale).toBe(false);
  });
});

describe("IMDS down: every other failure returns the cached credentials", () => {
  it.each([
    ["SERVER_ERROR", { status: 500 }],
    ["THROTTLED", { status: 429 }],
    ["THROTTLED", { status: 503 }],
    ["IMDS_FORBIDDEN", { status: 403 }],
    ["UNAUTHORIZED", { on: "credentials", status: 401 }],
    ["TOKEN_REJECTED", { on: "token", status: 400 }],
    ["TOKEN_UNSUPPORTED", { on: "token", status: 405 }],
    ["INVALID_RESPONSE", { on: "credentials", body: "{" }],
    ["INVALID_RESPONSE", { on: "credentials", mode: "truncate" }],
    ["IMDS_TIMEOUT", { mode: "hang" }],
    ["IMDS_UNREACHABLE", { mode: "reset" }],
  ] as const)("%s %o, also when it has expired", async (code, fault) => {
    const provider = await loaded({ maxRetries: 0 });
    suspend(7 * HOUR);
    imds.expireTokens();
    imds.fail({ ...fault, times: Number.POSITIVE_INFINITY });
    const first = call(provider);
    await advance(2 * SECOND);
    expect(outcome(first)).toBe("OLD");
    expect(provider.status()).toMatchObject({ stale: true, lastError: { code } });
    await advance(5 * MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
  });

  it("IMDS_DISABLED", async () => {
    const provider = await loaded();
    suspend(7 * HOUR);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(provider.status()).toMatchObject({ stale: true, lastError: { code: "IMDS_DISABLED" } });
    vi.unstubAllEnvs();
  });
});

describe("Role gone: valid credentials are returned until they expire; then that error is raised, and they are dropped", () => {
  it.each(codes)("%s", async (code) => {
    const provider = await loaded();
    GONE[code]();
    await advance(5 * HOUR + 59 * MINUTE);
    expect(provider.status()).toMatchObject({ stale: false, lastError: { code } });
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(MINUTE - 1);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    await advance(1);
    expect(outcome(await callAndSettle(provider))).toBe(code);
    expect(provider.status()).toMatchObject({ expiration: undefined, stale: false, lastError: { code } });
  });

  it.each(codes)("%s, without calls: the credentials are dropped all the same", async (code) => {
    const provider = newProvider();
    serve("OLD", 6 * HOUR);
    await callAndSettle(provider);
    GONE[code]();
    await advance(6 * HOUR + MINUTE);
    expect(provider.status()).toMatchObject({ expiration: undefined, lastError: { code } });
    expect(outcome(await callAndSettle(provider))).toBe(code);
  });

  it.each(codes)("%s, with a window that is shorter than any backoff", async (code) => {
    const provider = newProvider({ advisoryWindowSeconds: 0.5, maxAgeSeconds: 18 });
    serve("SHORT", 20 * SECOND);
    await callAndSettle(provider);
    GONE[code]();
    await advance(18.5 * SECOND);
    for (let at = 18.5 * SECOND; at < 20 * SECOND; at += 100) {
      expect(outcome(await callAndSettle(provider))).toBe("SHORT");
      await advance(100);
    }
    expect(outcome(await callAndSettle(provider))).toBe(code);
  });

  it.each(codes)(
    "%s found by the refresh that callers wait for once the credentials have expired",
    async (code) => {
      const provider = await loaded();
      suspend(7 * HOUR);
      GONE[code]();
      imds.delay(100);
      const waits = await callAndSettle(provider);
      expect(outcome(waits)).toBe("waiting");
      await advance(SECOND);
      expect(outcome(waits)).toBe(code);
    },
  );

  it("and once the backoff is over, a call loads again", async () => {
    const provider = await loaded();
    suspend(7 * HOUR);
    imds.detachRole();
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    const refreshes = events.length;
    imds.attachRole("back");
    await advance(SECOND - 1);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    expect(events).toHaveLength(refreshes);
    await advance(1);
    expect(outcome(await callAndSettle(provider))).toBe(imds.credentials?.accessKeyId);
    expect(events[refreshes]).toMatchObject({ kind: "initial", outcome: "new" });
  });

  it("dropped credentials do not come back when the clock is set back", async () => {
    const provider = await loaded();
    suspend(7 * HOUR);
    imds.detachRole();
    await callAndSettle(provider);
    setClockBack(3 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
  });

  it("a role that comes back before the expiration was never missed", async () => {
    const provider = await loaded();
    imds.detachRole();
    await advance(5 * HOUR + 30 * MINUTE);
    imds.attachRole("back");
    await advance(5 * MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe(imds.credentials?.accessKeyId);
    expect(provider.status().roleName).toBe("back");
  });

  it("gone, then down: the last answer decides, and the cached credentials are returned", async () => {
    const provider = await loaded();
    provider.close();
    suspend(6 * HOUR - 10 * MINUTE);
    imds.detachRole();
    await callAndSettle(provider);
    imds.disable();
    suspend(9 * MINUTE);
    await callAndSettle(provider);
    suspend(HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    expect(provider.status().stale).toBe(true);
  });

  it("down, then gone: the stale credentials are dropped with that answer", async () => {
    const provider = await loaded();
    imds.disable();
    await advance(7 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("OLD");
    imds.enable();
    imds.detachRole();
    await advance(75 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
  });

  it("forceRefresh then raises the error too, as nothing is cached", async () => {
    const provider = await loaded();
    imds.detachRole();
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("OLD");
    suspend(7 * HOUR);
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("NO_ROLE_ATTACHED");
  });
});

describe("Role gone: the credentials are dropped when they expire, however that is noticed", () => {
  it("forceRefresh, while IMDS is down by then: its error, not the credentials of a role that was gone", async () => {
    const provider = await loaded();
    provider.close();
    imds.detachRole();
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("OLD");
    imds.disable();
    suspend(7 * HOUR);
    expect(outcome(await callAndSettle(provider, { forceRefresh: true }))).toBe("IMDS_FORBIDDEN");
    expect(events.at(-1)).toEqual({
      kind: "forced",
      outcome: "failed",
      durationMs: 0,
      requests: 1,
      code: "IMDS_FORBIDDEN",
    });
  });

  it("a call during the backoff after that answer: the error, without a request, until the backoff ends", async () => {
    const provider = await loaded();
    provider.close();
    imds.detachRole();
    suspend(6 * HOUR - 3 * SECOND);
    // With all random numbers 0.5, its backoff is 3.5 s.
    await callAndSettle(provider, { forceRefresh: true });
    imds.attachRole("back");
    suspend(3 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    await advance(0.5 * SECOND - 1);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    expect(events).toHaveLength(2);
    await advance(1);
    expect(outcome(await callAndSettle(provider))).toBe(imds.credentials?.accessKeyId);
  });

  it("a call, hours after that answer: it refreshes, and gets what there is by then", async () => {
    const provider = await loaded();
    provider.close();
    imds.detachRole();
    await callAndSettle(provider, { forceRefresh: true });
    suspend(7 * HOUR);
    imds.attachRole("back");
    expect(outcome(await callAndSettle(provider))).toBe(imds.credentials?.accessKeyId);
    expect(events.at(-1)).toMatchObject({ kind: "initial", outcome: "new", roleName: "back" });
  });

  it("a call, hours after that answer, and the role is still gone: it says so itself", async () => {
    const provider = await loaded();
    provider.close();
    imds.detachRole();
    await callAndSettle(provider, { forceRefresh: true });
    suspend(7 * HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    expect(events.at(-1)).toMatchObject({ kind: "initial", outcome: "failed", code: "NO_ROLE_ATTACHED" });
    expect(provider.status().roleName).toBeUndefined();
  });

  it("status(): nothing is left to tell of", async () => {
    const provider = await loaded();
    provider.close();
    imds.detachRole();
    await callAndSettle(provider, { forceRefresh: true });
    suspend(7 * HOUR);
    expect(provider.status()).toMatchObject({
      roleName: undefined,
      expiration: undefined,
      nextRefresh: undefined,
      stale: false,
      lastError: { code: "NO_ROLE_ATTACHED" },
    });
  });
});

describe("A cold start on an already expired document", () => {
  it("is returned, marked stale, under the same backoff", async () => {
    const provider = newProvider();
    serve("PAST", -HOUR);
    expect(outcome(await callAndSettle(provider))).toBe("PAST");
    expect(provider.status().stale).toBe(true);
    expect(events[0]).toMatchObject({ kind: "initial", outcome: "expired" });
    expect(outcome(await callAndSettle(provider))).toBe("PAST");
    expect(events).toHaveLength(1);
    await advance(2 * SECOND);
    expect(events[1]).toMatchObject({ kind: "mandatory", outcome: "expired" });
  });

  it("no call waits, and better credentials are returned once they are there", async () => {
    const provider = newProvider();
    serve("PAST", -HOUR);
    await callAndSettle(provider);
    await advance(10 * MINUTE);
    imds.delay(500);
    expect((await callAndSettle(provider)).state).toBe("served");
    serve("NEW", 6 * HOUR);
    await advance(75 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
    expect(provider.status().stale).toBe(false);
  });

  it("a document that expired later than the cached one replaces it, and stays stale", async () => {
    const provider = newProvider();
    serve("PAST", -HOUR);
    await callAndSettle(provider);
    serve("LESS-PAST", -MINUTE);
    await advance(5 * SECOND);
    expect(outcome(await callAndSettle(provider))).toBe("LESS-PAST");
    serve("MORE-PAST", -2 * HOUR);
    await advance(MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("LESS-PAST");
    expect(provider.status().stale).toBe(true);
  });
});
