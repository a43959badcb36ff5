import type { S3Client } from "@aws-sdk/client-s3";
import { HeadBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import { expect, onTestFinished, test, vi } from "vitest";
import { expiredTokenPlugin, refreshAhead } from "../../src/index.js";
import { scriptedS3 } from "../support/scripted-s3.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));
const expiresIn = (ms: number) => (): Date => new Date(Date.now() + ms);

/** A client whose credentials come from a source that makes new ones each time: ASIA1, ASIA2, … */
async function ahead(expiration: () => Date | undefined = expiresIn(3_600_000)) {
  const setup = await sdkSetup();
  const source = vi.fn(async (_properties?: object): Promise<AwsCredentialIdentity> => {
    const expires = expiration();
    const accessKeyId = `ASIA${source.mock.calls.length}`;
    const identity = { accessKeyId, secretAccessKey: "secret", sessionToken: "token" };
    return expires === undefined ? identity : { ...identity, expiration: expires };
  });
  const provider = refreshAhead(source);
  onTestFinished(() => provider.close());
  return { ...setup, source, provider };
}

/** An instance role's provider. */
async function instanceRole() {
  const setup = await sdkSetup();
  return { ...setup, provider: setup.provider() };
}

test("credentials of any provider that a service rejects are refreshed, and the call is sent again", async () => {
  const { client, provider, source } = await ahead();
  const s3 = await scriptedS3((key) => (key === "ASIA1" ? [400, "ExpiredToken"] : undefined));
  const s3Client = client({ credentials: provider, endpoint: s3.url });
  s3Client.middlewareStack.use(expiredTokenPlugin(provider));

  await list(s3Client);

  expect(s3.keys).toEqual(["ASIA1", "ASIA2"]);
  expect(source).toHaveBeenCalledTimes(2);
});

test("credentials without an expiration are rejected by name only, and refreshed then", async () => {
  const { client, provider } = await ahead(() => undefined);
  const s3 = await scriptedS3((key, nth) => {
    if (nth === 1) return [403, ""];
    return key === "ASIA1" ? [400, "ExpiredToken"] : undefined;
  });
  const s3Client = client({ credentials: provider, endpoint: s3.url });
  s3Client.middlewareStack.use(expiredTokenPlugin(provider));

  await expect(s3Client.send(new HeadBucketCommand({ Bucket }))).rejects.toThrow();
  await list(s3Client);

  expect(s3.keys).toEqual(["ASIA1", "ASIA1", "ASIA2"]);
});

test("the source is not asked without the client's properties", async () => {
  const { client, provider, source } = await ahead();
  const s3 = await scriptedS3((key) => (key === "ASIA1" ? [400, "ExpiredToken"] : undefined));
  const s3Client = client({ credentials: provider, endpoint: s3.url });
  s3Client.middlewareStack.use(expiredTokenPlugin(provider));

  await list(s3Client);

  // `fromTemporaryCredentials` takes its Region from there.
  const clientConfig = { callerClientConfig: expect.objectContaining({ region: expect.any(Function) }) };
  expect(source.mock.calls).toEqual([
    [expect.objectContaining(clientConfig)],
    [expect.objectContaining({ ...clientConfig, forceRefresh: true })],
  ]);
});

test("a refreshAhead between the client and the plugin's provider gets the new credentials too", async () => {
  const { client, imds, provider, rotate, current } = await instanceRole();
  const wrapped = refreshAhead(provider);
  onTestFinished(() => wrapped.close());
  const old = current().accessKeyId;
  const s3 = await scriptedS3((key) => (key === old ? [400, "ExpiredToken"] : undefined));
  const s3Client = client({ credentials: wrapped, endpoint: s3.url });
  s3Client.middlewareStack.use(expiredTokenPlugin(provider));
  await wrapped();
  const { accessKeyId } = rotate();

  await list(s3Client);

  expect(s3.keys).toEqual([old, accessKeyId]);
  expect(imds.requests.filter(({ step }) => step === "credentials").length).toBeLessThanOrEqual(3);
});
