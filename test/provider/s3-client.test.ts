import type { S3Client } from "@aws-sdk/client-s3";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { fromInstanceRole, instanceRegion } from "../../src/index.js";
import { sdkScene } from "../support/sdk-setup.js";

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
  const scene = await sdkScene({ region: "ap-southeast-2" });
  const { endpoint } = scene;
  const client = scene.client({
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
  expect(scene.s3.calls.map(({ accessKeyId, status }) => [accessKeyId, status])).toEqual(
    [200, 200, 200, 204].map((status) => [scene.current().accessKeyId, status]),
  );
  // One load and one read of the Region, with the same session token.
  expect(scene.newSteps().sort()).toEqual(["credentials", "metadata", "role", "token"]);
});

test("ten clients, each with a provider of its own, share one load", async () => {
  const scene = await sdkScene();
  const clients = Array.from({ length: 10 }, () => scene.client({ credentials: scene.provider() }));

  await Promise.all(clients.flatMap((client) => [list(client), list(client)]));

  expect(scene.s3.calls.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(scene.newSteps()).toEqual(LOAD);
});

test("a new set reaches every client at once, without another look", async () => {
  const scene = await sdkScene();
  const provider = scene.provider();
  const clients = [
    scene.client({ credentials: provider }),
    scene.client({ credentials: provider }),
    scene.client({ credentials: scene.provider() }),
  ];
  await Promise.all(clients.map(list));
  const before = scene.current();
  const rotated = scene.rotate();
  await provider({ forceRefresh: true });
  scene.s3.revoke(before.accessKeyId);
  scene.newSteps();

  await Promise.all(clients.map(list));

  expect(scene.s3.calls.slice(3).map(({ accessKeyId, status }) => [accessKeyId, status])).toEqual(
    clients.map(() => [rotated.accessKeyId, 200]),
  );
  expect(scene.newSteps()).toEqual([]);
  expect(provider.memoized).toBe(true);
});

test("requests say in their user agent that their credentials come from instance metadata", async () => {
  const scene = await sdkScene();
  const client = scene.client({ credentials: scene.provider() });
  const seen = userAgents(client);

  await list(client);

  const features = seen.map((agent) => /(?:^| )m\/(\S+)/.exec(agent)?.[1]?.split(","));
  expect(features).toEqual([expect.arrayContaining(["0"])]);
});

test("the SDK may write on the identity, as it does to count where credentials come from", async () => {
  const scene = await sdkScene({ accountId: "123456789012" });
  const provider = scene.provider();
  const client = scene.client({ credentials: provider });
  await list(client);
  const identity = await provider();

  expect(Object.isFrozen(identity)).toBe(false);
  expect(identity).toMatchObject({
    accountId: "123456789012",
    $source: { CREDENTIALS_IMDS: "0" },
    expiration: scene.current().expiration,
  });
  Object.assign(identity, { $source: { ...Reflect.get(identity, "$source"), CREDENTIALS_CODE: "e" } });
  await list(client);
  expect(scene.s3.calls.map(({ status }) => status)).toEqual([200, 200]);
});

test("an error of the metadata service reaches the caller of the client as it is, and a later call recovers", async () => {
  const scene = await sdkScene();
  scene.imds.fail({ on: "credentials", status: 400 });
  const client = scene.client({ credentials: scene.provider() });

  await expect(list(client)).rejects.toMatchObject({
    name: "InstanceMetadataError",
    code: "SERVER_ERROR",
    step: "credentials",
    statusCode: 400,
  });
  await expect(list(client)).resolves.toBeDefined();
  expect(scene.s3.calls).toHaveLength(1);
});
