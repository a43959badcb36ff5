import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { expect, onTestFinished, test } from "vitest";
import type { RefreshOptions } from "../../src/index.js";
import { refreshAhead } from "../../src/index.js";
import { scriptedS3 } from "../support/scripted-s3.js";
import { scriptedSts } from "../support/scripted-sts.js";
import { sdkSetup } from "../support/sdk-setup.js";

const HOUR = 3_600_000;
const RoleArn = "arn:aws:iam::123456789012:role/reporting";
const list = new ListObjectsV2Command({ Bucket: "bucket" });

/** A role that the instance's role assumes, and an S3 that takes any key. */
async function assumedRole(options?: RefreshOptions) {
  const setup = await sdkSetup();
  const sts = await scriptedSts({ accessKeyId: "ASSUMED1", expiration: new Date(Date.now() + HOUR) });
  const s3 = await scriptedS3(() => undefined);
  const provider = refreshAhead(
    fromTemporaryCredentials({
      masterCredentials: setup.provider(),
      params: { RoleArn, RoleSessionName: "test" },
      // No Region: it comes from the client that asks for credentials.
      clientConfig: { endpoint: sts.url, maxAttempts: 1 },
    }),
    options,
  );
  onTestFinished(() => provider.close());
  const client = (region: string) => setup.client({ credentials: provider, endpoint: s3.url, region });
  return { ...setup, sts, scriptedS3: s3, assumed: provider, s3Client: client };
}

test("a hundred S3 clients share one AssumeRole, which the instance's role signs for the client's Region", async () => {
  const { sts, scriptedS3: s3, s3Client, current } = await assumedRole();
  await Promise.all(Array.from({ length: 100 }, () => s3Client("eu-central-1").send(list)));
  expect(sts.requests).toEqual([
    { accessKeyId: current().accessKeyId, region: "eu-central-1", roleArn: RoleArn },
  ]);
  expect(new Set(s3.keys)).toEqual(new Set(["ASSUMED1"]));
});

test("a refresh is signed with the instance's credentials of that moment", async () => {
  const { sts, scriptedS3: s3, s3Client, assumed, rotate, provider } = await assumedRole();
  await s3Client("eu-central-1").send(list);
  const rotated = rotate();
  await provider()({ forceRefresh: true });
  sts.answer = { accessKeyId: "ASSUMED2", expiration: new Date(Date.now() + HOUR) };
  await assumed({ forceRefresh: true });
  expect(sts.requests[1]).toMatchObject({ accessKeyId: rotated.accessKeyId });
  await s3Client("eu-central-1").send(list);
  expect(s3.keys.at(-1)).toBe("ASSUMED2");
});

test("AccessDenied on AssumeRole reaches callers as STS sent it, and only once nothing valid is cached", async () => {
  const { sts, s3Client, assumed } = await assumedRole();
  sts.answer = { accessKeyId: "SHORT", expiration: new Date(Date.now() + 20_000) };
  await s3Client("eu-central-1").send(list);
  sts.answer = { code: "AccessDenied" };
  expect((await assumed({ forceRefresh: true })).accessKeyId).toBe("SHORT");
  expect(assumed.status().lastError).toMatchObject({ name: "AccessDenied", $fault: "client" });

  const other = await assumedRole();
  other.sts.answer = { code: "AccessDenied" };
  await expect(
    other.assumed({ callerClientConfig: { region: async () => "eu-central-1" } }),
  ).rejects.toMatchObject({
    name: "AccessDenied",
  });
});

test("NO_ROLE_ATTACHED of the instance reaches the caller through STS's client", async () => {
  const { imds, assumed, sts } = await assumedRole();
  imds.detachRole();
  const call = assumed({ callerClientConfig: { region: async () => "eu-central-1" } });
  await expect(call).rejects.toMatchObject({ code: "NO_ROLE_ATTACHED" });
  expect(sts.requests).toEqual([]);
});
