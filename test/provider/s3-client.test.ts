import type { S3Client } from "@aws-sdk/client-s3";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { fromInstanceRole, instanceRegion } from "../../src/index.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const LOAD = ["token", "role", "credentials"];
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));

/** The `user-agent` header of each request that a client sends. */
function userAgents(client: S3Client): string[] {
  const seen: string[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      seen.push(headers["user-agent"] ?? "");
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );
  return seen;
}

test("an S3 client puts, lists, gets and deletes with the instance's role and in its Region", async () => {
  const setup = await sdkSetup({ region: "ap-southeast-2" });
  const { endpoint } = setup;
  const client = setup.client({
    credentials: fromInstanceRole({ endpoint }),
    region: instanceRegion({ endpoint }),
  });

  await client.send(new PutObjectCommand({ Bucket, Key: "key", Body: "content" }));
  const { Contents } = await list(client);
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "key" }));
  const text = await Body?.transformToString();
  await client.send(new DeleteObjectCommand({ Bucket, Key: "key" }));

  expect(Contents?.map(({ Key }) => Key)).toEqual(["key"]);
  expect(text).toBe("content");
  await expect(client.config.region()).resolves.toBe("ap-southeast-2");
  expect(setup.s3.calls.map(({ accessKeyId, status }) => [accessKeyId, status])).toEqual(
    [200, 200, 200, 204].map((status) => [setup.current().accessKeyId, status]),
  );
  // One load and one read of the Region, with the same session token.
  expect(setup.newSteps().sort()).toEqual(["credentials", "metadata", "role", "token"]);
});

test("ten clients, each with a provider of its own, share one load", async () => {
  const setup = await sdkSetup();
  const clients = Array.from({ length: 10 }, () => setup.client({ credentials: setup.provider() }));

  await Promise.all(clients.flatMap((client) => [list(client), list(client)]));

  expect(setup.s3.calls.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(setup.newSteps()).toEqual(LOAD);
});

test("a new set reaches every client at once, without another look", async () => {
  const setup = await sdkSetup();
  const provider = setup.provider();
  const clients = [
    setup.client({ credentials: provider }),
    setup.client({ credentials: provider }),
    setup.client({ credentials: setup.provider() }),
  ];
  await Promise.all(clients.map(list));
  const before = setup.current();
  const rotated = setup.rotate();
  await provider({ forceRefresh: true });
  setup.s3.revoke(before.accessKeyId);
  setup.newSteps();

  await Promise.all(clients.map(list));

  expect(setup.s3.calls.slice(3).map(({ accessKeyId, status }) => [accessKeyId, status])).toEqual(
    clients.map(() => [rotated.accessKeyId, 200]),
  );
  expect(setup.newSteps()).toEqual([]);
  expect(provider.memoized).toBe(true);
});

test("requests say in their user agent that their credentials come from instance metadata", async () => {
  const setup = await sdkSetup();
  const client = setup.client({ credentials: setup.provider() });
  const seen = userAgents(client);

  await list(client);

  const features = seen.map((agent) => /(?:^| )m\/(\S+)/.exec(agent)?.[1]?.split(","));
  expect(features).toEqual([expect.arrayContaining(["0"])]);
});

test("the SDK may write on the identity, as it does to count where credentials come from", async () => {
  const setup = await sdkSetup({ accountId: "123456789012" });
  const provider = setup.provider();
  const client = setup.client({ credentials: provider });
  await list(client);
  const identity = await provider();

  expect(Object.isFrozen(identity)).toBe(false);
  expect(identity).toMatchObject({
    accountId: "123456789012",
    $source: { CREDENTIALS_IMDS: "0" },
    expiration: setup.current().expiration,
  });
  Object.assign(identity, { $source: { ...Reflect.get(identity, "$source"), CREDENTIALS_CODE: "e" } });
  await list(client);
  expect(setup.s3.calls.map(({ status }) => status)).toEqual([200, 200]);
});

test("an error of the metadata service reaches the caller of the client as it is, and a later call recovers", async () => {
  const setup = await sdkSetup();
  setup.imds.fail({ on: "credentials", status: 400 });
  const client = setup.client({ credentials: setup.provider() });

  await expect(list(client)).rejects.toMatchObject({
    name: "InstanceMetadataError",
    code: "SERVER_ERROR",
    step: "credentials",
    statusCode: 400,
  });
  await expect(list(client)).resolves.toBeDefined();
  expect(setup.s3.calls).toHaveLength(1);
});
