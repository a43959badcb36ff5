import { describe, expect, it } from "vitest";
import { createMockImds } from "../../src/testing/index.js";
import {
  callAndSettle,
  HOUR,
  MINUTE,
  NO_MAX_AGE,
  outcome,
  refreshSetup,
  SECOND,
} from "../support/refresh-setup.js";
import { advance, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

const FORCE = { forceRefresh: true };

const stepsSince = (first: number): string[] =>
  imds.requests.slice(first).map(({ step, status }) => `${step} ${status}`);

describe("A reload is one request: the kept token, the kept role name", () => {
  it("GET …/<role> and nothing else", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    await callAndSettle(provider, FORCE);
    await callAndSettle(provider, FORCE);
    expect(stepsSince(3)).toEqual(["credentials 200", "credentials 200"]);
    const [first, , document, ...reloads] = imds.requests.map(({ path }) => path);
    expect(first).toBe("/latest/api/token");
    expect(reloads).toEqual([document, document]);
  });

  it("an event says how many it took", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    await callAndSettle(provider, FORCE);
    expect(events.map(({ requests }) => requests)).toEqual([3, 1]);
  });
});

describe("A 404 there means the role may have been replaced: list again, once", () => {
  it("a replaced role is found within the same refresh", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    imds.attachRole("successor");
    const next = await callAndSettle(provider, FORCE);
    expect(outcome(next)).toBe(imds.credentials?.accessKeyId);
    expect(provider.status().roleName).toBe("successor");
    expect(stepsSince(3)).toEqual(["credentials 404", "role 200", "credentials 200"]);
  });

  it("a role replaced between list and document, on the first load", async () => {
    const provider = newProvider();
    imds.delay(200, "role");
    const first = await callAndSettle(provider);
    expect(stepsSince(0)).toEqual(["token 200", "role 200"]);
    // The list has been answered with the old name, which is on its way.
    imds.attachRole("successor");
    await advance(SECOND);
    expect(outcome(first)).toBe(imds.credentials?.accessKeyId);
    expect(provider.status().roleName).toBe("successor");
    expect(stepsSince(2)).toEqual(["credentials 404", "role 200", "credentials 200"]);
  });

  it("a role replaced again between the second list and its document counts as none, until the next refresh", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    imds.attachRole("second");
    imds.delay(200, "role");
    const next = await callAndSettle(provider, FORCE);
    imds.attachRole("third");
    await advance(SECOND);
    expect(next.state).toBe("served");
    expect(events[1]).toMatchObject({ outcome: "failed", code: "NO_ROLE_ATTACHED", requests: 3 });
    const after = await callAndSettle(provider, FORCE);
    await advance(SECOND);
    expect(outcome(after)).toBe(imds.credentials?.accessKeyId);
    expect(provider.status().roleName).toBe("third");
  });

  it("with a role name that was configured, no list is read", async () => {
    const provider = newProvider({ roleName: "mock-role" });
    await callAndSettle(provider);
    expect(stepsSince(0)).toEqual(["token 200", "credentials 200"]);
    imds.attachRole("successor");
    await callAndSettle(provider, FORCE);
    expect(stepsSince(2)).toEqual(["credentials 404"]);
    expect(events[1]).toMatchObject({ outcome: "failed", code: "NO_ROLE_ATTACHED" });
  });
});

describe("A 401 means the token is no good: get one, once, and send again", () => {
  it("tokens that expired early are replaced within the refresh", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    imds.expireTokens();
    expect((await callAndSettle(provider, FORCE)).state).toBe("served");
    expect(stepsSince(3)).toEqual(["credentials 401", "token 200", "credentials 200"]);
    expect(events[1]).toMatchObject({ outcome: "unchanged" });
  });

  it("401 again is UNAUTHORIZED", async () => {
    const provider = newProvider();
    await callAndSettle(provider);
    imds.fail({ on: "credentials", status: 401, times: 2 });
    await callAndSettle(provider, FORCE);
    expect(stepsSince(3)).toEqual(["credentials 401", "token 200", "credentials 401"]);
    expect(events[1]).toMatchObject({ outcome: "failed", code: "UNAUTHORIZED" });
  });
});

describe("The expiration that callers get is always the true one", () => {
  it.each([
    ["fresh", 6 * HOUR],
    ["nearly expired", 30 * SECOND],
    ["expired", -HOUR],
  ])("of credentials that are %s", async (_, lifetime) => {
    const provider = newProvider();
    serve("SET", lifetime);
    const expiration = new Date(Date.now() + lifetime);
    expect((await callAndSettle(provider)).identity?.expiration).toEqual(expiration);
  });

  it("also after hours of an outage", async () => {
    const provider = newProvider(NO_MAX_AGE);
    serve("SET", 6 * HOUR);
    const expiration = new Date(Date.now() + 6 * HOUR);
    await callAndSettle(provider);
    imds.disable();
    suspend(8 * HOUR);
    await callAndSettle(provider);
    await advance(10 * MINUTE);
    expect((await callAndSettle(provider)).identity?.expiration).toEqual(expiration);
  });
});

describe("The identity is what the SDK's own provider would give", () => {
  it("keys, token, expiration and the source mark, and no accountId when the document has none", async () => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    const { identity } = await callAndSettle(provider);
    expect(identity).toEqual({
      accessKeyId: "SET",
      secretAccessKey: "secret-of-SET",
      sessionToken: "token-of-SET",
      expiration: new Date(Date.now() + 6 * HOUR),
      $source: { CREDENTIALS_IMDS: "0" },
    });
    expect(Object.keys(identity ?? {})).not.toContain("accountId");
  });

  it("accountId when the document has it", async () => {
    const provider = newProvider();
    const { credentials } = createMockImds();
    if (credentials) imds.rotate({ ...credentials, accountId: "210987654321" });
    expect((await callAndSettle(provider)).identity?.accountId).toBe("210987654321");
  });

  it("it is not frozen: the SDK writes on it", async () => {
    const provider = newProvider();
    const { identity } = await callAndSettle(provider);
    expect(Object.isExtensible(identity)).toBe(true);
    expect(Object.isFrozen(Reflect.get(identity ?? {}, "$source"))).toBe(false);
  });

  it.each([
    ["deletes its expiration", (identity: object) => Reflect.deleteProperty(identity, "expiration")],
    ["makes a text of it", (identity: object) => Reflect.set(identity, "expiration", "tomorrow")],
    ["moves its date", (identity: object) => void (Reflect.get(identity, "expiration") as Date).setTime(0)],
    ["renames its key", (identity: object) => Reflect.set(identity, "accessKeyId", "MINE")],
  ])("a caller that %s does not disturb refreshing", async (_, change) => {
    const provider = newProvider();
    serve("SET", 6 * HOUR);
    const expiration = new Date(Date.now() + 6 * HOUR);
    change((await callAndSettle(provider)).identity ?? {});
    await callAndSettle(provider, FORCE);
    expect(events.at(-1)).toMatchObject({ outcome: "unchanged", expiration });
    expect(provider.status()).toMatchObject({ expiration, stale: false, lastError: undefined });
    serve("NEW", 6 * HOUR);
    provider.invalidate("SET");
    expect(outcome(await callAndSettle(provider))).toBe("NEW");
  });
});
