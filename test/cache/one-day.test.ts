import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { fromInstanceRole } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";
import { call, HOUR, MINUTE, START } from "../support/refresh-setup.js";
import { advance, endSimulatedTime, settle, startSimulatedTime } from "../support/simulated-time.js";

/** Credentials of six hours, and new ones every hour. */
const imds = createMockImds({ credentialsTtlSeconds: 6 * 3600, rotateEverySeconds: 3600 });
const server = setupServer(...imds.handlers);

beforeAll(async () => {
  server.listen({ onUnhandledRequest: "error" });
  await fromInstanceRole({ shared: false })();
});
afterEach(endSimulatedTime);
afterAll(() => server.close());

it("24 hours of six-hour credentials rotated hourly: at most 36 requests, and no call waited", async () => {
  startSimulatedTime(START);
  imds.reset();
  using provider = fromInstanceRole({ shared: false });
  const first = call(provider);
  await settle();
  expect(first.state).toBe("served");
  const keys = new Set<string>();
  for (let minutes = 0; minutes < 24 * 60; minutes++) {
    await advance(MINUTE);
    // Between a call and its answer no time passes and nothing can be read: a call that waited would still wait.
    const made = call(provider);
    await Promise.resolve();
    await Promise.resolve();
    expect(made.state).toBe("served");
    expect(Number(made.identity?.expiration) - Date.now()).toBeGreaterThan(4 * HOUR);
    keys.add(made.identity?.accessKeyId ?? "");
    await settle();
  }
  expect(keys.size).toBeGreaterThan(20);
  expect(imds.requests.length).toBeLessThanOrEqual(36);
});
