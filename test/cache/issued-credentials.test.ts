import { expect, onTestFinished, test } from "vitest";
import { fromInstanceRole } from "../../src/index.js";
import { createMockImds } from "../../src/testing/index.js";

async function instance() {
  const imds = createMockImds();
  const listener = await imds.listen();
  const provider = fromInstanceRole({ endpoint: listener.endpoint, shared: false });
  onTestFinished(async () => {
    provider.close();
    await listener.close();
  });
  return { imds, provider };
}

test("rejected credentials end at the moment of the rejection, for a caller that still has their object", async () => {
  const { provider } = await instance();
  const identity = await provider();
  const before = Date.now();

  provider.invalidate(identity.accessKeyId);

  expect(identity.expiration?.getTime()).toBeGreaterThanOrEqual(before);
  expect(identity.expiration?.getTime()).toBeLessThanOrEqual(Date.now());
});

test("credentials that were replaced keep their expiration, until they are rejected", async () => {
  const { imds, provider } = await instance();
  const replaced = await provider();
  const expiration = replaced.expiration?.getTime();
  imds.rotate();
  const current = await provider({ forceRefresh: true });
  expect(replaced.expiration?.getTime()).toBe(expiration);

  provider.invalidate(replaced.accessKeyId);

  expect(replaced.expiration?.getTime()).toBeLessThanOrEqual(Date.now());
  expect(current.expiration?.getTime()).toBeGreaterThan(Date.now());
  await expect(provider()).resolves.toBe(current);
});

test("credentials that have expired keep their true expiration", async () => {
  const { imds, provider } = await instance();
  const expiration = new Date(Date.now() - 60_000);
  imds.rotate({ accessKeyId: "ASIAEXPIRED", secretAccessKey: "secret", sessionToken: "token", expiration });
  const identity = await provider();
  const before = identity.expiration?.getTime();

  provider.invalidate(identity.accessKeyId);

  expect(identity.expiration?.getTime()).toBe(before);
});

test("an identity that a caller has frozen stays as it is", async () => {
  const { provider } = await instance();
  const identity = Object.freeze(await provider());

  expect(() => provider.invalidate(identity.accessKeyId)).not.toThrow();
});

test("an unknown id changes nothing", async () => {
  const { provider } = await instance();
  const identity = await provider();
  const expiration = identity.expiration?.getTime();

  provider.invalidate("ASIAUNKNOWN");

  expect(identity.expiration?.getTime()).toBe(expiration);
});
