import type { S3Client } from "@aws-sdk/client-s3";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { expiredTokenPlugin } from "../../src/index.js";
import type { Script } from "../support/scripted-s3.js";
import { scriptedS3 } from "../support/scripted-s3.js";
import { sdkSetup } from "../support/sdk-setup.js";

const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket: "bucket" }));

/** A client with the plugin, whose S3 answers by a script that is given the first key. */
async function scripted(script: (firstKey: string) => Script, maxAttempts = 1, retryMode = "standard") {
  const setup = await sdkSetup();
  const provider = setup.provider();
  const { accessKeyId: firstKey } = await provider();
  const s3 = await scriptedS3(script(firstKey));
  const client = setup.client({ credentials: provider, endpoint: s3.url, maxAttempts, retryMode });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  setup.newSteps();
  return { ...setup, provider, client, firstKey, keys: s3.keys };
}

test.for([
  [403, "AccessDenied"],
  [403, "SignatureDoesNotMatch"],
  [403, "InvalidAccessKeyId"],
  [403, "RequestTimeTooSkewed"],
] as const)("%i %s is no rejection of the key: no refresh, no second request", async ([status, code]) => {
  const setup = await scripted(() => () => [status, code]);
  setup.imds.rotate();

  await expect(list(setup.client)).rejects.toMatchObject({ name: code });

  expect(setup.keys).toEqual([setup.firstKey]);
  expect(setup.newSteps()).toEqual([]);
});

test("a call is sent again at most once, however many new keys there are", async () => {
  const setup = await scripted(() => () => {
    setup.imds.rotate();
    return [400, "ExpiredToken"];
  });
  setup.imds.rotate();

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(setup.keys).toHaveLength(2);
  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(setup.keys).toHaveLength(4);
});

test("a rejection of earlier credentials: the call is sent again with the cached ones, without a refresh", async () => {
  const setup = await scripted((first) => async (key) => {
    if (key !== first) return undefined;
    // While the request is on its way, the provider refreshes.
    setup.imds.rotate();
    await setup.provider({ forceRefresh: true });
    setup.newSteps();
    return [400, "ExpiredToken"];
  });

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, setup.current().accessKeyId]);
  expect(setup.newSteps()).toEqual([]);
  expect(setup.provider.status().lastError).toBeUndefined();
});

test("a client that retries sends the call again with the new key, and retries that one", async () => {
  const setup = await scripted(
    (first) => (key, n) => (key === first ? [400, "ExpiredToken"] : n === 2 ? [503, "SlowDown"] : undefined),
    3,
  );
  const { accessKeyId } = setup.imds.rotate();

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, accessKeyId, accessKeyId]);
  expect(setup.newSteps()).toEqual(["credentials"]);
});

test("a client with adaptive retries sends the call again with the new key, and retries that one", async () => {
  const setup = await scripted(
    (first) => (key, n) => (key === first ? [400, "ExpiredToken"] : n === 2 ? [503, "SlowDown"] : undefined),
    3,
    "adaptive",
  );
  const { accessKeyId } = setup.imds.rotate();

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, accessKeyId, accessKeyId]);
});

test("a key that is rejected on a retry is replaced, too", async () => {
  const setup = await scripted(
    (first) => (key, n) => (n === 1 ? [503, "SlowDown"] : key === first ? [400, "ExpiredToken"] : undefined),
    3,
  );
  const { accessKeyId } = setup.imds.rotate();

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, setup.firstKey, accessKeyId]);
});

test("a client that retries does not send a call again twice either", async () => {
  const setup = await scripted(
    () => (_key, n) => {
      setup.imds.rotate();
      return n === 2 ? [503, "SlowDown"] : [400, "ExpiredToken"];
    },
    3,
  );
  setup.imds.rotate();

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });

  // Rejected; sent again, answered 503; retried by the SDK, rejected.
  expect(setup.keys).toHaveLength(3);
  expect(new Set(setup.keys).size).toBe(2);
});

test("the next call of a client is signed with the new key from the start", async () => {
  const setup = await scripted((first) => (key) => (key === first ? [400, "ExpiredToken"] : undefined));
  const { accessKeyId } = setup.imds.rotate();

  await list(setup.client);
  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, accessKeyId, accessKeyId]);
});

test("a key that was renewed while the client waited to retry is the one that counts as rejected", async () => {
  let second = "";
  const setup = await scripted(
    (first) => async (key) => {
      if (key === first) {
        setup.imds.rotate();
        second = (await setup.provider({ forceRefresh: true })).accessKeyId;
        setup.imds.rotate();
        return [503, "SlowDown"];
      }
      return key === second ? [400, "ExpiredToken"] : undefined;
    },
    2,
  );

  await list(setup.client);

  expect(setup.keys).toEqual([setup.firstKey, second, setup.current().accessKeyId]);
});

test("when the second key is rejected as well, the next call does not begin with it", async () => {
  const rejected = new Set<string | undefined>();
  const setup = await scripted(() => (key) => {
    if (rejected.size < 2) rejected.add(key);
    if (!rejected.has(key)) return undefined;
    setup.imds.rotate();
    return [400, "ExpiredToken"];
  });
  setup.imds.rotate();

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });
  await list(setup.client);

  expect(setup.keys).toHaveLength(3);
  expect(new Set(setup.keys).size).toBe(3);
});
