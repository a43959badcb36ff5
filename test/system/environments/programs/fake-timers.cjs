// What must hold in a test whose timers are fake, whatever has made them so. Every test runner runs the same.

const assert = require("node:assert/strict");
const { startImds, ACCESS_KEY_ID } = require("./small-imds.cjs");

// Node's own, before anything replaces it.
const { setImmediate: realImmediate } = require("node:timers");
const turn = () => new Promise((resolve) => realImmediate(resolve));

const outcomeOf = (promise) =>
  promise.then(
    ({ accessKeyId }) => accessKeyId,
    ({ code }) => code,
  );

/**
 * @param install makes timers fake, and returns how to advance them and how to restore them
 * @param when the library is loaded: before or after that
 */
function casesOf(install, when) {
  if (when === "before") require("ec2-role-credentials");

  const withFakeTimers = async (failures, run) => {
    const imds = await startImds(failures);
    const { advance, restore } = await install();
    try {
      const { fromInstanceRole } = require("ec2-role-credentials");
      const provider = (options) => fromInstanceRole({ endpoint: imds.endpoint, shared: false, ...options });
      return await run({ imds, provider, advance });
    } finally {
      await restore();
    }
  };

  /** Advances the clock bit by bit until the call is settled, and lets the network have its turn in between. */
  const advanceUntilSettled = async (call, advance) => {
    let isSettled = false;
    const outcome = outcomeOf(call).finally(() => {
      isSettled = true;
    });
    while (!isSettled) {
      for (let i = 0; i < 10; i++) await turn();
      if (!isSettled) await advance(50);
    }
    return outcome;
  };

  return Object.entries({
    "good responses need no clock": () =>
      withFakeTimers([], async ({ provider }) => {
        assert.equal(await outcomeOf(provider()()), ACCESS_KEY_ID);
      }),
    "a 503 is retried as soon as the clock has been advanced": () =>
      withFakeTimers([503, 200, 503], async ({ imds, provider, advance }) => {
        assert.equal(await advanceUntilSettled(provider()(), advance), ACCESS_KEY_ID);
        assert.equal(imds.requests.length, 5);
      }),
    "silence is a timeout as soon as the clock is past the deadline": () =>
      withFakeTimers(["silence", "silence"], async ({ provider, advance }) => {
        const call = provider({ timeout: 1000, maxRetries: 1 })();
        assert.equal(await advanceUntilSettled(call, advance), "IMDS_TIMEOUT");
      }),
    "credentials are refreshed by the test's clock": () =>
      withFakeTimers([], async ({ imds, provider, advance }) => {
        const credentials = provider({ maxAgeSeconds: 60 });
        await credentials();
        const before = imds.requests.length;
        while (imds.requests.length === before) {
          await advance(10_000);
          for (let i = 0; i < 10; i++) await turn();
        }
        credentials.close();
      }),
    // The last one: nothing may be left of it that keeps the process alive for ever.
    "a call that waits for a clock which is never advanced again": () =>
      withFakeTimers([503], async ({ imds, provider }) => {
        void outcomeOf(provider({ timeout: 500, maxRetries: 1 })());
        while (imds.requests.length === 0) await turn();
        for (let i = 0; i < 20; i++) await turn();
      }),
  });
}

module.exports = { casesOf };
