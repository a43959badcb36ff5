import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RefreshEvent, RefreshingProvider, RefreshOptions } from "../../src/index.js";
import { InstanceMetadataError, REFRESH_CHANNEL, refreshAhead } from "../../src/index.js";
import {
  advance,
  endSimulatedTime,
  settle,
  startSimulatedTime,
  stubRandom,
  suspend,
} from "../support/simulated-time.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const events: RefreshEvent[] = [];
const record = (event: unknown) => void events.push(event as RefreshEvent);
const providers: RefreshingProvider[] = [];

beforeEach(() => {
  startSimulatedTime(new Date("2030-01-01T00:00:00Z"));
  stubRandom(0);
  events.length = 0;
  subscribe(REFRESH_CHANNEL, record);
});
afterEach(() => {
  unsubscribe(REFRESH_CHANNEL, record);
  for (const provider of providers.splice(0)) provider.close();
  endSimulatedTime();
});

const identity = (accessKeyId: string, lifetimeMs = HOUR): AwsCredentialIdentity => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}`,
  sessionToken: `token-of-${accessKeyId}`,
  expiration: new Date(Date.now() + lifetimeMs),
});

/** A source whose next answers a test sets: an identity, an error, or a promise of its own. */
function source() {
  let answer: () => unknown = () => identity("FIRST");
  const calls: unknown[] = [];
  return {
    calls,
    provider: async (properties?: unknown) => {
      calls.push(properties);
      return answer() as AwsCredentialIdentity;
    },
    answers(next: () => unknown) {
      answer = next;
    },
    serves(accessKeyId: string, lifetimeMs?: number) {
      answer = () => identity(accessKeyId, lifetimeMs);
    },
    fails(error: unknown) {
      answer = () => {
        throw error;
      };
    },
  };
}

function wrap(provider: unknown, options?: RefreshOptions): RefreshingProvider {
  const wrapped = refreshAhead(provider as never, options);
  providers.push(wrapped);
  return wrapped;
}

const keyOf = async (provider: RefreshingProvider, properties?: object): Promise<string> =>
  (await provider(properties as never)).accessKeyId;

/** As the AWS SDK throws them. */
const sdkError = (name: string, httpStatusCode: number, fault = "client"): Error =>
  Object.assign(new Error(`${name}: a message of the service`), {
    name,
    $fault: fault,
    $metadata: { httpStatusCode },
  });

describe("one cache for all callers", () => {
  it("a thousand first callers make one call of the source, and get one object", async () => {
    const { provider, calls } = source();
    const wrapped = wrap(provider);
    const results = await Promise.all(Array.from({ length: 1000 }, () => wrapped()));
    expect(calls).toHaveLength(1);
    expect(new Set(results).size).toBe(1);
    expect(results[0]).toMatchObject({ accessKeyId: "FIRST", expiration: new Date(Date.now() + HOUR) });
  });

  it("is refreshed in the background ahead of the expiration, also without calls", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    from.serves("SECOND");
    // One hour: the window is 15 minutes.
    await advance(45 * MINUTE + 2);
    expect(from.calls).toHaveLength(2);
    expect(await keyOf(wrapped)).toBe("SECOND");
    expect(events.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["initial", "new"],
      ["advisory", "new"],
    ]);
  });

  it("close() ends that; a later call still refreshes", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    const { close } = wrapped;
    close();
    from.serves("SECOND");
    await advance(2 * HOUR);
    expect(from.calls).toHaveLength(1);
    expect(wrapped.status()).toMatchObject({ nextRefresh: undefined, stale: true });
    expect(await keyOf(wrapped)).toBe("SECOND");
  });

  it("a source that hangs delays no call by more than a second, and does not keep later refreshes from being tried", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    from.answers(() => new Promise(() => {}));
    suspend(50 * MINUTE);
    expect(await keyOf(wrapped)).toBe("FIRST");
    await advance(9 * MINUTE + 30 * SECOND - 2 * MINUTE);
    // In the last minute a call waits for a second at most, and only for a refresh that has just started.
    await advance(2 * MINUTE);
    const waiting = wrapped();
    await advance(SECOND);
    expect((await waiting).accessKeyId).toBe("FIRST");
    // After two minutes the refresh counts as failed, and another one is tried.
    await advance(2 * MINUTE + 1);
    expect(wrapped.status().lastError?.message).toMatch(/did not answer within 120 seconds/);
    from.serves("SECOND");
    await advance(MINUTE);
    expect(await keyOf(wrapped)).toBe("SECOND");
  });

  it("an answer that comes after that is not taken for news", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    let answerLate: (late: AwsCredentialIdentity) => void = () => {};
    from.answers(() => new Promise((resolve) => (answerLate = resolve)));
    suspend(50 * MINUTE);
    await wrapped();
    from.serves("NEWER");
    await advance(4 * MINUTE);
    expect(await keyOf(wrapped)).toBe("NEWER");
    answerLate(identity("LATE"));
    await settle();
    expect(await keyOf(wrapped)).toBe("NEWER");
  });

  it("credentials without expiration are fresh until they are rejected, forced, or older than maxAgeSeconds", async () => {
    const from = source();
    const forever = (id: string) => () => ({ accessKeyId: id, secretAccessKey: "secret" });
    from.answers(forever("FIRST"));
    const wrapped = wrap(from.provider);
    await wrapped();
    await advance(24 * HOUR);
    expect(await keyOf(wrapped)).toBe("FIRST");
    expect(from.calls).toHaveLength(1);
    expect(wrapped.status()).toMatchObject({ expiration: undefined, nextRefresh: undefined, stale: false });
    from.answers(forever("SECOND"));
    wrapped.invalidate("FIRST");
    expect(await keyOf(wrapped)).toBe("SECOND");
    from.answers(forever("THIRD"));
    expect(await keyOf(wrapped, { forceRefresh: true })).toBe("THIRD");
    const aged = wrap(from.provider, { maxAgeSeconds: 600 });
    await aged();
    from.answers(forever("FOURTH"));
    await advance(10 * MINUTE + 2);
    expect(await keyOf(aged)).toBe("FOURTH");
    expect(events.at(-1)).toMatchObject({ kind: "maxAge", outcome: "new" });
  });
});

describe("the properties of calls", () => {
  it("the first load passes the caller's, a refresh those of the latest caller with forceRefresh", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    const first = { callerClientConfig: { region: "eu-central-1" } };
    const latest = { callerClientConfig: { region: "eu-west-1" } };
    await wrapped(first);
    expect(from.calls).toEqual([first]);
    await wrapped(latest);
    // A call without properties of its own, such as a health check's, takes nothing away.
    await wrapped();
    from.serves("FORCED");
    await wrapped({ forceRefresh: true });
    expect(from.calls[1]).toEqual({ ...latest, forceRefresh: true });
    from.serves("SECOND");
    await advance(45 * MINUTE + 2);
    expect(from.calls[2]).toEqual({ ...latest, forceRefresh: true });
    await wrapped({ ...first, forceRefresh: true });
    expect(from.calls[3]).toEqual({ ...first, forceRefresh: true });
  });
});

describe("errors", () => {
  it("the very error of the source reaches every caller, and is forgotten", async () => {
    const from = source();
    const error = sdkError("ServiceUnavailable", 503, "server");
    from.fails(error);
    const wrapped = wrap(from.provider);
    const results = await Promise.allSettled([wrapped(), wrapped(), wrapped()]);
    for (const result of results) expect(result).toHaveProperty("reason", error);
    expect(from.calls).toHaveLength(1);
    from.serves("FIRST");
    expect(await keyOf(wrapped)).toBe("FIRST");
  });

  it.each([
    [
      "a source that throws at once",
      () => {
        throw new Error("at once");
      },
    ],
    ["one that rejects with a string", () => Promise.reject("a string")],
    ["one that rejects with undefined", () => Promise.reject(undefined)],
  ])("%s: cached credentials stay, and status() tells an Error", async (_, answer) => {
    const from = source();
    const wrapped = wrap((...args: []) => (from.calls.length === 0 ? from.provider(...args) : answer()));
    await wrapped();
    expect(await keyOf(wrapped, { forceRefresh: true })).toBe("FIRST");
    expect(wrapped.status().lastError).toBeInstanceOf(Error);
  });

  it("AccessDenied: cached credentials are returned until they expire, then the error is raised", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    const denied = sdkError("AccessDenied", 403);
    from.fails(denied);
    await advance(59 * MINUTE);
    expect(await keyOf(wrapped)).toBe("FIRST");
    await advance(MINUTE);
    await expect(wrapped()).rejects.toBe(denied);
    expect(wrapped.status()).toMatchObject({ expiration: undefined, lastError: denied });
    from.serves("AGAIN");
    await advance(5 * MINUTE);
    expect(await keyOf(wrapped)).toBe("AGAIN");
  });

  it.each([
    [
      "an instance role that is gone",
      new InstanceMetadataError("gone", { code: "NO_ROLE_ATTACHED", step: "role" }),
      true,
    ],
    [
      "metadata that is down",
      new InstanceMetadataError("down", { code: "IMDS_TIMEOUT", step: "token" }),
      false,
    ],
    ["a validation error", sdkError("ValidationError", 400), true],
    ["a timeout", sdkError("RequestTimeout", 408), false],
    ["throttling with 429", sdkError("TooManyRequestsException", 429), false],
    ["throttling with 400", sdkError("Throttling", 400), false],
    ["expired credentials of the source's own", sdkError("ExpiredTokenException", 403), false],
    ["a wrong clock", sdkError("RequestTimeTooSkewed", 403), false],
    ["a signature that a wrong clock breaks", sdkError("SignatureDoesNotMatch", 403), false],
    ["a server's error", sdkError("InternalFailure", 500, "server"), false],
    ["an error of the program", new TypeError("x is not a function"), false],
  ])("after expiration, %s: non-recoverable %j", async (_, error, isRaised) => {
    const from = source();
    const wrapped = wrap(from.provider);
    await wrapped();
    from.fails(error);
    suspend(2 * HOUR);
    if (isRaised) await expect(wrapped()).rejects.toBe(error);
    else expect(await keyOf(wrapped)).toBe("FIRST");
  });

  it("isNonRecoverable decides instead, and a bad one decides nothing", async () => {
    const decide = vi.fn((error: unknown) => error instanceof RangeError);
    for (const [isNonRecoverable, error, isRaised] of [
      [decide, new RangeError("for good"), true],
      [decide, sdkError("AccessDenied", 403), false],
      [
        () => {
          throw new Error("broken");
        },
        sdkError("AccessDenied", 403),
        false,
      ],
    ] as const) {
      const from = source();
      const wrapped = wrap(from.provider, { isNonRecoverable });
      await wrapped();
      from.fails(error);
      suspend(2 * HOUR);
      if (isRaised) await expect(wrapped()).rejects.toBe(error);
      else expect(await keyOf(wrapped)).toBe("FIRST");
    }
    expect(decide).toHaveBeenCalled();
  });
});

it.each(["name", 0, true, null, Symbol("name")])(
  "a call with %s is one without properties",
  async (argument) => {
    const from = source();
    const wrapped = wrap(from.provider);
    const call = wrapped as (argument: unknown) => Promise<AwsCredentialIdentity>;
    from.serves("FIRST");
    for (let calls = 0; calls < 2; calls++) expect((await call(argument)).accessKeyId).toBe("FIRST");
  },
);

describe("an error of an unusual kind", () => {
  const unreadable = (field: string): Error =>
    Object.defineProperty(new Error("a message"), field, {
      get() {
        throw new TypeError("unreadable");
      },
    });
  it.each([
    ["undefined", undefined],
    ["text", "no"],
    ["no message", Object.assign(new Error("a message"), { message: undefined })],
    ["a message that is a symbol", { message: Symbol("no") }],
    ["a name that is a symbol", Object.assign(new Error("a message"), { name: Symbol("no") })],
    ["a message that cannot be read", unreadable("message")],
    ["a name that cannot be read", unreadable("name")],
  ])("reaches the caller, and the next call asks again: %s", async (_, error) => {
    const from = source();
    const wrapped = wrap(from.provider);
    const refuse = () => {
      throw error;
    };
    from.answers(refuse);
    await expect(wrapped().catch((reason: unknown) => [reason])).resolves.toEqual([error]);
    expect(wrapped.status().lastError).toBeDefined();
    from.serves("FIRST");
    expect(await keyOf(wrapped)).toBe("FIRST");
    from.answers(refuse);
    expect(await keyOf(wrapped, { forceRefresh: true })).toBe("FIRST");
    from.serves("SECOND");
    expect(await keyOf(wrapped, { forceRefresh: true })).toBe("SECOND");
  });

  it.each([
    ["kept", false],
    ["dropped", true],
  ])(
    "is not in status and log when it quotes a secret of the credentials, which are %s",
    async (_, isGone) => {
      const lines: unknown[] = [];
      const write = (line: unknown) => void lines.push(line);
      const logger = { debug: write, info: write, warn: write, error: write };
      const from = source();
      const wrapped = wrap(from.provider, { logger, isNonRecoverable: () => isGone });
      from.answers(() => ({ ...identity("FIRST"), expiration: new Date(Date.now() - 1) }));
      const { secretAccessKey } = await wrapped();
      from.answers(() => {
        throw Object.assign(new Error(`refused for ${secretAccessKey}`), { name: "Refused" });
      });
      const result = await wrapped({ forceRefresh: true }).catch((error: Error) => error.name);
      expect(result).toEqual(isGone ? "Refused" : expect.objectContaining({ accessKeyId: "FIRST" }));
      expect(wrapped.status().lastError?.message).toContain("Refused");
      expect(inspect(wrapped.status())).not.toContain(secretAccessKey);
      expect(lines.join("\n")).toContain("Refused");
      expect(lines.join("\n")).not.toContain(secretAccessKey);
    },
  );
});

describe("what is no credentials", () => {
  const good = { accessKeyId: "ID", secretAccessKey: "SECRET-ACCESS-KEY", sessionToken: "SESSION-TOKEN" };
  it.each([
    ["accessKeyId", { ...good, accessKeyId: "" }],
    ["accessKeyId", { ...good, accessKeyId: 7 }],
    ["secretAccessKey", { ...good, secretAccessKey: undefined }],
    ["sessionToken", { ...good, sessionToken: 7 }],
    ["expiration", { ...good, expiration: "2030-01-01T00:00:00Z" }],
    ["expiration", { ...good, expiration: new Date(Number.NaN) }],
    ["the result", undefined],
    ["the result", null],
    ["the result", "AKIA:SECRET-ACCESS-KEY"],
  ])("is refused by the name of the field, without a value: %s", async (field, result) => {
    const from = source();
    from.answers(() => result);
    const wrapped = wrap(from.provider);
    const error = await wrapped().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(field);
    expect(String(error)).not.toMatch(/SECRET|SESSION-TOKEN|2030/);
    from.serves("GOOD");
    expect(await keyOf(wrapped)).toBe("GOOD");
    from.answers(() => result);
    expect(await keyOf(wrapped, { forceRefresh: true })).toBe("GOOD");
  });
});

describe("the object that callers get", () => {
  it("has the fields that are getters of a class in the source's", async () => {
    const given = identity("FIRST");
    class Lazy {
      readonly extra = "own";
      get accessKeyId() {
        return given.accessKeyId;
      }
      get secretAccessKey() {
        return given.secretAccessKey;
      }
      get sessionToken() {
        return given.sessionToken;
      }
      get expiration() {
        return given.expiration;
      }
      get accountId() {
        return "123456789012";
      }
    }
    const from = source();
    from.answers(() => new Lazy());
    expect(await wrap(from.provider)()).toEqual({ ...given, accountId: "123456789012", extra: "own" });
  });

  it("is a copy of the source's, and its fields are set right by the next response", async () => {
    const own = identity("FIRST");
    const from = source();
    from.answers(() => own);
    const wrapped = wrap(from.provider);
    const returned = await wrapped();
    expect(returned).toEqual(own);
    expect(returned).not.toBe(own);
    Object.assign(returned, { secretAccessKey: "overwritten" });
    (returned.expiration as Date).setTime(0);
    expect(await wrapped({ forceRefresh: true })).toBe(returned);
    expect(returned).toEqual(own);
  });

  it("may be frozen by a caller", async () => {
    const from = source();
    const wrapped = wrap(from.provider);
    Object.freeze(await wrapped());
    wrapped.invalidate("FIRST");
    from.serves("SECOND");
    expect(await keyOf(wrapped)).toBe("SECOND");
  });
});

describe("logs and events", () => {
  it("one warning an outage and one line at its end, with the name; no secret of the error's message", async () => {
    const lines: string[] = [];
    const logger = {
      debug() {},
      info: (line: string) => void lines.push(`info ${line}`),
      warn: (line: string) => void lines.push(`warn ${line}`),
      error() {},
    };
    const from = source();
    const wrapped = wrap(from.provider, { name: "reporting", logger });
    await wrapped();
    from.fails(new Error("signed with secret-of-FIRST"));
    await advance(55 * MINUTE);
    from.serves("SECOND");
    await advance(5 * MINUTE);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^warn ec2-role-credentials: credential refresh failed for reporting; continuing with cached/,
    );
    expect(lines[1]).toMatch(/^info ec2-role-credentials: credential refresh for reporting works again/);
    expect(lines.join()).not.toContain("secret-of");
    expect(events[0]).toMatchObject({ kind: "initial", outcome: "new", name: "reporting" });
    for (const event of events) expect(event).not.toHaveProperty("requests");
  });
});

describe("arguments", () => {
  it.each([undefined, null, "provider", {}, identity("X")])("%j is no provider", (provider) => {
    expect(() => refreshAhead(provider as never)).toThrow(TypeError);
  });

  it.each([
    ["advisoryWindowSeconds", { advisoryWindowSeconds: 0 }, RangeError],
    ["maxAgeSeconds", { maxAgeSeconds: "600" }, TypeError],
    ["logger", { logger: {} }, TypeError],
    ["name", { name: "" }, TypeError],
    ["isNonRecoverable", { isNonRecoverable: true }, TypeError],
    ["maxageseconds", { maxageseconds: 600 }, TypeError],
    ["options", null, TypeError],
  ])("a bad option is refused by its name: %s", (name, options, kind) => {
    const attempt = () => refreshAhead(source().provider, options as never);
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(name);
  });
});
