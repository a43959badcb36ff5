import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { RefreshEvent } from "../../src/index.js";
import { fromInstanceRole, REFRESH_CHANNEL } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";
import { call, HOUR, MINUTE, SECOND, START } from "../support/refresh-setup.js";
import { seededRandom, spread } from "../support/seeded-random.js";
import { advance, endSimulatedTime, settle, startSimulatedTime } from "../support/simulated-time.js";
import { mostWithin, TroubledInstance } from "../support/troubled-instance.js";

const DAYS = 30;

/** Set `REFRESH_SEED` to what a run has printed, to see the same month again. */
const SEED = Number(process.env.REFRESH_SEED ?? Math.floor(Math.random() * 2 ** 32));

/** Credentials that live one, two or six hours, rotated after half of that. */
const imds = createMockImds(
  [1, 2, 6].map((hours) => ({ credentialsTtlSeconds: hours * 3600, rotateEverySeconds: hours * 1800 }))[
    SEED % 3
  ],
);
const server = setupServer(...imds.handlers);

beforeAll(async () => {
  server.listen({ onUnhandledRequest: "error" });
  await fromInstanceRole({ shared: false })();
});
afterEach(endSimulatedTime);
afterAll(() => server.close());

it(`${DAYS} days of outages, throttling, replaced roles, suspends and clock changes (REFRESH_SEED=${SEED})`, async () => {
  console.log(`thirty-days: REFRESH_SEED=${SEED}`);
  const random = seededRandom(SEED);
  startSimulatedTime(START);
  vi.spyOn(Math, "random").mockImplementation(random);
  imds.reset();

  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  const refreshes: { at: number; event: RefreshEvent }[] = [];
  const record = (event: unknown) =>
    void refreshes.push({ at: performance.now(), event: event as RefreshEvent });
  subscribe(REFRESH_CHANNEL, record);

  const instance = new TroubledInstance(imds, seededRandom(SEED + 1));
  instance.plan(DAYS);
  using provider = fromInstanceRole({ shared: false, maxRetries: 1 });
  const violations: string[] = [];
  const calls = { valid: 0, expired: 0, refused: 0 };

  /** Calls, and judges the result when it arrives, which may be later. */
  const callOnce = async (): Promise<void> => {
    const made = call(provider);
    await settle();
    for (let waited = 0; made.state === "waiting"; waited += 100) {
      if (waited > MINUTE) throw new Error(`a call does not return, seed ${SEED}`);
      await advance(100);
    }
    const isValid = made.state === "served" && Number(made.identity?.expiration) > Date.now();
    calls[isValid ? "valid" : made.state === "served" ? "expired" : "refused"]++;
    if (isValid || instance.readableForMs <= 75 * SECOND) return;
    const what = made.error?.code ?? made.identity?.expiration?.toISOString();
    violations.push(`${performance.now()}: ${what}, although readable for ${instance.readableForMs} ms`);
  };

  for (let nextCall = 0, afterChange = Infinity; performance.now() < DAYS * 24 * HOUR; ) {
    const next = Math.min(nextCall, afterChange, instance.nextAt);
    await advance(Math.max(0, Math.ceil(next - performance.now())));
    if (instance.nextAt <= performance.now()) {
      instance.happen();
      afterChange = performance.now() + 75 * SECOND + 1;
    } else if (performance.now() >= afterChange) {
      afterChange = Infinity;
    } else {
      nextCall = performance.now() + spread(random, SECOND, 2 * HOUR);
    }
    await callOnce();
  }
  unsubscribe(REFRESH_CHANNEL, record);
  process.off("unhandledRejection", onUnhandled);

  // With nothing cached, refreshes come with calls, which is no matter of refreshing ahead.
  const later = refreshes.filter(({ event }) => event.kind !== "initial").map(({ at }) => at);
  const arrivals = refreshes.filter(({ event }) => event.outcome === "new").length;
  console.log(
    `thirty-days: ${calls.valid} calls got valid credentials, ${calls.expired} expired ones, ${calls.refused} an error; ` +
      `${refreshes.length} refreshes, at most ${mostWithin(MINUTE, later)} in a minute, ${mostWithin(HOUR, later)} in an hour`,
  );
  expect(violations).toEqual([]);
  expect(unhandled).toEqual([]);
  expect(mostWithin(MINUTE, later)).toBeLessThan(20);
  expect(mostWithin(HOUR, later)).toBeLessThan(150);
  // A month in which nothing worked would violate nothing above.
  expect(calls.valid).toBeGreaterThan(2 * (calls.expired + calls.refused));
  // New credentials at least every three hours, but for the outages.
  expect(arrivals).toBeGreaterThan((DAYS * 24) / 6);
});
