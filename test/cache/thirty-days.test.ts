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

/** Sets of one, two or six hours, and a new one after half of that. */
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

it(`${DAYS} days of outages, throttling, role swaps, suspends and clock jumps (REFRESH_SEED=${SEED})`, async () => {
  console.log(`thirty-days: REFRESH_SEED=${SEED}`);
  const random = seededRandom(SEED);
  startSimulatedTime(START);
  vi.spyOn(Math, "random").mockImplementation(random);
  imds.reset();

  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  const looks: { at: number; event: RefreshEvent }[] = [];
  const onLook = (event: unknown) => void looks.push({ at: performance.now(), event: event as RefreshEvent });
  subscribe(REFRESH_CHANNEL, onLook);

  const instance = new TroubledInstance(imds, seededRandom(SEED + 1));
  instance.plan(DAYS);
  using provider = fromInstanceRole({ shared: false, maxRetries: 1 });
  const offences: string[] = [];
  let calls = 0;
  let expired = 0;

  /** Calls, and judges what it is given when it is given, which may be later. */
  const callOnce = async (): Promise<void> => {
    const made = call(provider);
    calls++;
    await settle();
    for (let waited = 0; made.state === "waiting"; waited += 100) {
      if (waited > MINUTE) throw new Error(`a call waits for ever, seed ${SEED}`);
      await advance(100);
    }
    if (Number(made.identity?.expiration) > Date.now() || made.state === "refused") return;
    expired++;
    if (instance.readableForMs <= 75 * SECOND) return;
    offences.push(`${performance.now()}: ${made.state}, readable for ${instance.readableForMs} ms`);
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
  unsubscribe(REFRESH_CHANNEL, onLook);
  process.off("unhandledRejection", onUnhandled);

  // Without a set at hand, looks come with calls, every second at most, which is no matter of refreshing.
  const behind = looks.filter(({ event }) => event.kind !== "initial").map(({ at }) => at);
  console.log(
    `thirty-days: ${calls} calls, ${looks.length} looks, ${expired} calls in outages got an expired set; most looks ` +
      `${mostWithin(MINUTE, behind)} in a minute, ${mostWithin(HOUR, behind)} in an hour`,
  );
  expect(offences).toEqual([]);
  expect(unhandled).toEqual([]);
  expect(mostWithin(MINUTE, behind)).toBeLessThan(20);
  expect(mostWithin(HOUR, behind)).toBeLessThan(150);
}, 120_000);
