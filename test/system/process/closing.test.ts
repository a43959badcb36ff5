import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { InstanceRoleOptions } from "../../../src/index.js";
import { fromInstanceRole } from "../../../src/index.js";
import type { MockImds } from "../../../src/testing/index.js";
import { clearSharedCredentials, createMockImds } from "../../../src/testing/index.js";

// Another test may have had a mock on the same port.
beforeEach(clearSharedCredentials);

/** Refreshes as often as it can. */
const RESTLESS: InstanceRoleOptions = { maxAgeSeconds: 0.02, advisoryWindowSeconds: 0.02 };

async function listening() {
  const imds = createMockImds();
  const { endpoint, close } = await imds.listen();
  onTestFinished(() => close());
  return { imds, endpoint };
}

async function moreRequests({ requests }: MockImds, count: number) {
  const before = requests.length;
  await vi.waitUntil(() => requests.length >= before + count, { timeout: 20_000, interval: 1 });
}

/** Another provider, whose refreshes show that time passes. */
async function witness() {
  const { imds, endpoint } = await listening();
  const provider = fromInstanceRole({ ...RESTLESS, endpoint });
  onTestFinished(() => provider.close());
  await provider();
  return imds;
}

test("a closed provider refreshes no more by itself, and still loads when it is called", async () => {
  const { imds, endpoint } = await listening();
  const others = await witness();
  const provider = fromInstanceRole({ ...RESTLESS, endpoint });
  await provider();
  await moreRequests(imds, 5);

  provider.close();
  await moreRequests(others, 10);
  const seen = imds.requests.length;
  await moreRequests(others, 30);
  expect(imds.requests.length).toBe(seen);

  const { accessKeyId } = imds.rotate();
  await expect(provider({ forceRefresh: true })).resolves.toMatchObject({ accessKeyId });
  expect(imds.requests.length).toBe(seen + 1);
});

test("a provider that is closed before its first call loads once and never ahead", async () => {
  const { imds, endpoint } = await listening();
  const others = await witness();
  const provider = fromInstanceRole({ ...RESTLESS, endpoint });
  provider.close();

  await expect(provider()).resolves.toMatchObject({ accessKeyId: imds.credentials?.accessKeyId });
  await moreRequests(others, 30);
  expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "credentials"]);
});

test("closing one of two providers that share a cache leaves the other's refreshing alone", async () => {
  const { imds, endpoint } = await listening();
  const [one, other] = [
    fromInstanceRole({ ...RESTLESS, endpoint }),
    fromInstanceRole({ ...RESTLESS, endpoint }),
  ];
  onTestFinished(() => other.close());
  await Promise.all([one(), other()]);

  one.close();
  one.close();
  await moreRequests(imds, 20);

  const { accessKeyId } = imds.rotate();
  await moreRequests(imds, 2);
  await expect(other()).resolves.toMatchObject({ accessKeyId });
});

test("`using` closes a provider at the end of its block", async () => {
  const { imds, endpoint } = await listening();
  const others = await witness();
  {
    using provider = fromInstanceRole({ ...RESTLESS, endpoint });
    await provider();
    await moreRequests(imds, 5);
  }
  await moreRequests(others, 10);
  const seen = imds.requests.length;
  await moreRequests(others, 30);

  expect(imds.requests.length).toBe(seen);
});
