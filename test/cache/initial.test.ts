import { describe, expect, it, vi } from "vitest";
import {
  ALMOST_ONE,
  call,
  callAndSettle,
  HOUR,
  MINUTE,
  outcome,
  refreshSetup,
  SECOND,
} from "../support/refresh-setup.js";
import { advance, setClockBack, settle, stubRandom, suspend } from "../support/simulated-time.js";

const { imds, events, provider: newProvider, serve } = refreshSetup();

describe("Initial: nothing is cached. All callers share one refresh", () => {
  it("a hundred callers at once cost the three requests of one", async () => {
    const provider = newProvider();
    serve("FIRST", 6 * HOUR);
    const calls = Array.from({ length: 100 }, () => call(provider));
    await settle();
    expect(new Set(calls.map(outcome))).toEqual(new Set(["FIRST"]));
    expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "credentials"]);
    expect(events.map(({ kind }) => kind)).toEqual(["initial"]);
  });

  it("a call during the refresh joins it", async () => {
    const provider = newProvider();
    imds.delay(300, "credentials");
    const early = await callAndSettle(provider);
    await advance(200);
    const late = await callAndSettle(provider);
    expect([early.state, late.state]).toEqual(["waiting", "waiting"]);
    await advance(100);
    expect([early.state, late.state]).toEqual(["served", "served"]);
    expect(imds.requests).toHaveLength(3);
  });

  it("the others are served although the first caller has gone away", async () => {
    const provider = newProvider();
    serve("FIRST", 6 * HOUR);
    imds.delay(300);
    const gone = new AbortController();
    const first = Promise.race([
      provider(),
      new Promise((_, reject) => gone.signal.addEventListener("abort", () => reject(new Error("gone")))),
    ]);
    const leaves = expect(first).rejects.toThrow("gone");
    await settle();
    const second = await callAndSettle(provider);
    gone.abort();
    await leaves;
    await advance(900);
    expect(outcome(second)).toBe("FIRST");
    expect(imds.requests).toHaveLength(3);
  });
});

describe("Initial: a failure goes to all of them and is forgotten", () => {
  it.each([
    ["SERVER_ERROR", { on: "any", status: 500 }],
    ["THROTTLED", { on: "any", status: 503 }],
    ["TOKEN_REJECTED", { on: "token", status: 400 }],
    ["TOKEN_UNSUPPORTED", { on: "token", status: 404 }],
    ["UNAUTHORIZED", { on: "role", status: 401 }],
    ["INVALID_RESPONSE", { on: "credentials", body: "{}" }],
    ["IMDS_TIMEOUT", { on: "role", mode: "hang" }],
  ] as const)("%s", async (code, fault) => {
    const provider = newProvider({ maxRetries: 0 });
    imds.fail({ ...fault, times: code === "UNAUTHORIZED" ? 2 : 1 });
    const calls = [call(provider), call(provider), call(provider, { forceRefresh: true })];
    await advance(SECOND);
    expect(calls.map(outcome)).toEqual([code, code, code]);
    expect(events).toHaveLength(1);
    const requests = imds.requests.length;
    expect((await callAndSettle(provider)).state).toBe("served");
    expect(imds.requests.length).toBeGreaterThan(requests);
  });
});

/** Makes IMDS answer with a final failure from now on; the function that comes back ends it. */
const FINAL = {
  IMDS_DISABLED: () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    return () => vi.unstubAllEnvs();
  },
  IMDS_FORBIDDEN: () => {
    imds.disable();
    return () => imds.enable();
  },
  NO_ROLE_ATTACHED: () => {
    imds.detachRole();
    return () => imds.attachRole("back");
  },
  ROLE_NOT_ASSUMABLE: () => {
    imds.denyAssumeRole();
    return () => imds.attachRole("back");
  },
  IMDS_UNREACHABLE: () => {
    imds.fail({ mode: "reset", times: 1 });
    return () => {};
  },
} as const;

describe("Initial: a non-recoverable error is cached and raised again without a request for a random 1 to 5 s", () => {
  const codes = Object.keys(FINAL) as (keyof typeof FINAL)[];
  const cases = codes.flatMap((code) => [
    [code, 0, 1 * SECOND] as const,
    [code, 0.5, 3 * SECOND] as const,
    [code, ALMOST_ONE, 5 * SECOND] as const,
  ]);

  it.each(cases)("%s, random at %d: for %d ms", async (code, random, ms) => {
    stubRandom(random);
    const provider = newProvider({ maxRetries: 0 });
    const mend = FINAL[code]();
    expect(outcome(await callAndSettle(provider))).toBe(code);
    mend();
    const requests = imds.requests.length;
    for (const wait of [0, ms - 1]) {
      await advance(wait);
      expect(outcome(await callAndSettle(provider))).toBe(code);
    }
    expect(imds.requests).toHaveLength(requests);
    await advance(1);
    expect((await callAndSettle(provider)).state).toBe("served");
  });

  it("a loop of calls does not hammer the service: 100 calls within a second make one request", async () => {
    const provider = newProvider();
    imds.disable();
    for (let calls = 0; calls < 100; calls++) {
      expect(outcome(await callAndSettle(provider))).toBe("IMDS_FORBIDDEN");
      await advance(10);
    }
    expect(imds.requests).toHaveLength(1);
  });

  it("forceRefresh refreshes whatever the state", async () => {
    const provider = newProvider();
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    expect((await callAndSettle(provider, { forceRefresh: true })).state).toBe("served");
  });

  it("a cached error is over when the wall clock says so: the machine slept", async () => {
    const provider = newProvider();
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    suspend(3 * SECOND);
    expect((await callAndSettle(provider)).state).toBe("served");
  });

  it("a cached error is over when the monotonic clock says so: the wall clock was set back", async () => {
    const provider = newProvider();
    imds.disable();
    await callAndSettle(provider);
    imds.enable();
    setClockBack(HOUR);
    await advance(3 * SECOND - 1);
    expect(outcome(await callAndSettle(provider))).toBe("IMDS_FORBIDDEN");
    await advance(1);
    expect((await callAndSettle(provider)).state).toBe("served");
  });

  it("each cached error is cached again when it comes again", async () => {
    const provider = newProvider();
    imds.disable();
    for (let refreshes = 1; refreshes <= 3; refreshes++) {
      await callAndSettle(provider);
      expect(imds.requests).toHaveLength(refreshes);
      await advance(3 * SECOND);
    }
  });
});

describe("Initial: waitForRoleSeconds keeps retrying instead, with growing waits", () => {
  it("a call at boot waits until the role is there", async () => {
    const provider = newProvider({ waitForRoleSeconds: 60, maxRetries: 0 });
    imds.detachRole();
    const boot = await callAndSettle(provider);
    await advance(20 * SECOND);
    expect(boot.state).toBe("waiting");
    imds.attachRole("late-role");
    await advance(10 * SECOND);
    expect(boot.state).toBe("served");
    expect(provider.status().roleName).toBe("late-role");
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["initial"]));
  });

  it("the waits grow", async () => {
    const provider = newProvider({ waitForRoleSeconds: 60, maxRetries: 0 });
    imds.detachRole();
    const moments: number[] = [];
    const boot = await callAndSettle(provider);
    for (let refreshes = 0; moments.length < 5; ) {
      if (events.length > refreshes) moments.push(Date.now());
      refreshes = events.length;
      await advance(10);
    }
    const waits = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
    for (const [index, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThan(waits[index] ?? 0);
    expect(boot.state).toBe("waiting");
  });

  it("also while nothing answers", async () => {
    const provider = newProvider({ waitForRoleSeconds: 60, maxRetries: 0 });
    imds.fail({ mode: "reset", times: 2 });
    imds.fail({ mode: "hang", times: 2 });
    const boot = await callAndSettle(provider);
    await advance(20 * SECOND);
    expect(boot.state).toBe("served");
    expect(events.map(({ code }) => code)).toEqual([
      "IMDS_UNREACHABLE",
      "IMDS_UNREACHABLE",
      "IMDS_TIMEOUT",
      "IMDS_TIMEOUT",
      undefined,
    ]);
  });

  it("no longer than asked for: then the error is raised", async () => {
    const provider = newProvider({ waitForRoleSeconds: 30, maxRetries: 0 });
    imds.detachRole();
    const boot = await callAndSettle(provider);
    await advance(30 * SECOND - 1);
    expect(boot.state).toBe("waiting");
    await advance(1);
    expect(outcome(boot)).toBe("NO_ROLE_ATTACHED");
  });

  it("the waiting counts from the first refresh: a later initial load does not wait again", async () => {
    const provider = newProvider({ waitForRoleSeconds: 30, maxRetries: 0 });
    imds.detachRole();
    call(provider);
    await advance(MINUTE);
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
  });

  it.each(["open", "closed"])(
    "only on the first load: %s, a role that went is outcome as gone",
    async (interest) => {
      const provider = newProvider({ waitForRoleSeconds: 3600, maxRetries: 0 });
      serve("SET", 10 * MINUTE);
      await callAndSettle(provider);
      if (interest === "closed") provider.close();
      imds.detachRole();
      await advance(10 * MINUTE);
      expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
      await advance(5 * SECOND);
      expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
    },
  );

  it("a change of the wall clock, as at boot, does not end it", async () => {
    const provider = newProvider({ waitForRoleSeconds: 60, maxRetries: 0 });
    imds.detachRole();
    const boot = await callAndSettle(provider);
    await advance(5 * SECOND);
    suspend(HOUR);
    await advance(30 * SECOND);
    expect(boot.state).toBe("waiting");
    imds.attachRole("late-role");
    await advance(10 * SECOND);
    expect(boot.state).toBe("served");
  });

  it("a mock that is reset ends it, so that nothing of it reaches the next test", async () => {
    const boot = call(newProvider({ waitForRoleSeconds: 60, maxRetries: 0, shared: true }));
    imds.detachRole();
    await advance(SECOND);
    imds.reset();
    await advance(20 * SECOND);
    expect(boot.state).not.toBe("waiting");
    expect(imds.requests.length).toBeLessThanOrEqual(3);
  });

  it.each(["IMDS_FORBIDDEN", "ROLE_NOT_ASSUMABLE"] as const)(
    "also after %s: at boot IAM's changes are not known everywhere yet",
    async (code) => {
      const provider = newProvider({ waitForRoleSeconds: 30, maxRetries: 0 });
      FINAL[code]();
      const boot = await callAndSettle(provider);
      await advance(5 * SECOND);
      expect(outcome(boot)).toBe("waiting");
      imds.enable();
      imds.attachRole("ready");
      await advance(10 * SECOND);
      expect(boot.state).toBe("served");
    },
  );

  it.each([
    ["503", { status: 503 }],
    ["a document that is no JSON", { on: "credentials", body: "{" }],
    ["a document without a field", { on: "credentials", body: "{}" }],
    ["an illegal role name", { on: "role", body: "../user-data" }],
  ] as const)("also after %s", async (_, fault) => {
    const provider = newProvider({ waitForRoleSeconds: 60, maxRetries: 0 });
    imds.fail({ ...fault, times: 2 });
    const boot = await callAndSettle(provider);
    await advance(20 * SECOND);
    expect(boot.state).toBe("served");
    expect(events.length).toBe(3);
  });

  it("not while metadata is disabled by the environment", async () => {
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const provider = newProvider({ waitForRoleSeconds: 30 });
    expect(outcome(await callAndSettle(provider))).toBe("IMDS_DISABLED");
    vi.unstubAllEnvs();
  });

  it("it is off by default", async () => {
    const provider = newProvider({ maxRetries: 0 });
    imds.detachRole();
    expect(outcome(await callAndSettle(provider))).toBe("NO_ROLE_ATTACHED");
  });
});
