import { Readable } from "node:stream";
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { createCredentialChain, fromEnv } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { expect, test } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import { expiredTokenPlugin, fromInstanceRole } from "../../src/index.js";
import type { SdkScene } from "../support/sdk-setup.js";
import { sdkScene } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));

/** A client whose provider has cached credentials that S3 no longer accepts; IMDS has new ones. */
async function rejected() {
  const scene = await sdkScene();
  const provider = scene.provider();
  const client = scene.client({ credentials: provider });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  const old = await provider();
  scene.s3.revoke(old.accessKeyId);
  const { accessKeyId } = scene.rotate();
  scene.newSteps();
  return {
    ...scene,
    provider,
    client,
    newClient: scene.client,
    oldKey: old.accessKeyId,
    newKey: accessKeyId,
  };
}

const outcomes = ({ s3 }: Pick<SdkScene, "s3">) =>
  s3.calls.map(({ accessKeyId, status, errorCode }) => [accessKeyId, errorCode ?? status]);

test("a call whose key was rejected is sent again with the new key, and succeeds", async () => {
  const scene = await rejected();

  await list(scene.client);

  expect(outcomes(scene)).toEqual([
    [scene.oldKey, "ExpiredToken"],
    [scene.newKey, 200],
  ]);
  expect(scene.newSteps()).toEqual(["credentials"]);
});

test("without the plugin the same call fails", async () => {
  const scene = await rejected();
  const plain = scene.newClient({ credentials: scene.provider });

  await expect(list(plain)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(scene)).toEqual([[scene.oldKey, "ExpiredToken"]]);
});

test("20 calls that are rejected together make one refresh, and all succeed", async () => {
  const scene = await rejected();

  await Promise.all(Array.from({ length: 20 }, () => list(scene.client)));

  expect(scene.s3.calls.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(scene.newSteps()).toEqual(["credentials"]);
});

test.for<[string, NonNullable<PutObjectCommandInput["Body"]>]>([
  ["a string", "content ü"],
  ["a Buffer", Buffer.from("content ü")],
  ["a Uint8Array", new TextEncoder().encode("content ü")],
])("a body that is %s arrives whole the second time", async ([, Body]) => {
  const scene = await rejected();

  await scene.client.send(new PutObjectCommand({ Bucket, Key: "key", Body }));

  const object = await scene.client.send(new GetObjectCommand({ Bucket, Key: "key" }));
  await expect(object.Body?.transformToString()).resolves.toBe("content ü");
  expect(outcomes(scene).slice(0, 2)).toEqual([
    [scene.oldKey, "ExpiredToken"],
    [scene.newKey, 200],
  ]);
});

test("a body that is a stream is not sent again: the call fails with the service's error", async () => {
  const scene = await rejected();
  const Body = Readable.from([Buffer.from("content")]);

  const call = scene.client.send(new PutObjectCommand({ Bucket, Key: "key", Body, ContentLength: 7 }));

  await expect(call).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(outcomes(scene)).toEqual([[scene.oldKey, "ExpiredToken"]]);
});

test("a refresh that brings the same key leaves the service's error to the caller", async () => {
  const scene = await rejected();
  scene.imds.rotate({ ...(await scene.provider()) });

  await expect(list(scene.client)).rejects.toMatchObject({
    name: "ExpiredToken",
    $metadata: { httpStatusCode: 400 },
  });

  expect(outcomes(scene)).toEqual([[scene.oldKey, "ExpiredToken"]]);
  expect(scene.newSteps()).toEqual(["credentials"]);
});

test("a refresh that fails leaves the service's error to the caller", async () => {
  const scene = await rejected();
  scene.imds.disable();

  await expect(list(scene.client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(scene)).toEqual([[scene.oldKey, "ExpiredToken"]]);
});

test("a request signed with another provider's credentials is left alone", async () => {
  const scene = await rejected();
  const other = { ...(await scene.provider()), accessKeyId: "ASIAOTHER" };
  scene.s3.accept(other);
  scene.s3.revoke(other.accessKeyId);
  const client = scene.newClient({ credentials: other });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider));
  scene.newSteps();

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(scene)).toEqual([["ASIAOTHER", "ExpiredToken"]]);
  expect(scene.newSteps()).toEqual([]);
});

test("a rejected upload of a stream invalidates the key: the next upload succeeds", async () => {
  const scene = await rejected();
  const upload = () => {
    const Body = Readable.from([Buffer.from("content")]);
    return scene.client.send(new PutObjectCommand({ Bucket, Key: "key", Body, ContentLength: 7 }));
  };

  await expect(upload()).rejects.toMatchObject({ name: "ExpiredToken" });
  await upload();

  expect(outcomes(scene)).toEqual([
    [scene.oldKey, "ExpiredToken"],
    [scene.newKey, 200],
  ]);
});

test.for<[string, (provider: InstanceRoleProvider) => AwsCredentialIdentityProvider]>([
  ["in a chain", (provider) => createCredentialChain(provider, fromEnv())],
  ["in a function of the application", (provider) => async () => provider()],
])("a provider that the client has %s", async ([, wrap]) => {
  const scene = await rejected();
  const client = scene.newClient({ credentials: wrap(scene.provider) });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider));
  // The client has cached the credentials that are to be rejected.
  scene.imds.rotate({ ...(await scene.provider()), accessKeyId: "ASIAKEPTBYCLIENT" });
  const kept = await scene.provider({ forceRefresh: true });
  scene.s3.accept(kept);
  await list(client);
  scene.s3.revoke(kept.accessKeyId);
  const { accessKeyId } = scene.rotate();
  const before = scene.s3.calls.length;
  scene.newSteps();

  await list(client);
  expect(scene.newSteps()).toEqual(["credentials"]);

  expect(outcomes(scene).slice(before)).toEqual([
    [kept.accessKeyId, "ExpiredToken"],
    [accessKeyId, 200],
  ]);
});

test("credentials that the application copied into the client are rejected once, not twice", async () => {
  const scene = await rejected();
  const client = scene.newClient({ credentials: { ...(await scene.provider()) } });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider));

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(scene)).toEqual([[scene.oldKey, "ExpiredToken"]]);
});

test("a client with cacheMiddleware: every rejection is handled", async () => {
  const scene = await rejected();
  const client = scene.newClient({ credentials: scene.provider, cacheMiddleware: true });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider));

  for (let round = 0; round < 3; round++) {
    await list(client);
    scene.s3.revoke(scene.current().accessKeyId);
    scene.rotate();
  }

  expect(outcomes(scene).filter(([, outcome]) => outcome === 200)).toHaveLength(3);
});

test("plugins of two providers work on one client", async () => {
  const scene = await rejected();
  scene.client.middlewareStack.use(
    expiredTokenPlugin(fromInstanceRole({ endpoint: scene.endpoint, shared: false })),
  );
  scene.client.middlewareStack.use(expiredTokenPlugin(scene.provider));

  await list(scene.client);

  expect(outcomes(scene)).toEqual([
    [scene.oldKey, "ExpiredToken"],
    [scene.newKey, 200],
  ]);
});

test("a provider that was never called, but shares the cache of the client's provider, works as well", async () => {
  const scene = await sdkScene();
  const client = scene.client({ credentials: scene.provider() });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider()));
  await list(client);
  scene.s3.revoke(scene.current().accessKeyId);
  const { accessKeyId } = scene.rotate();
  scene.newSteps();

  await list(client);

  expect(outcomes(scene).at(-1)).toEqual([accessKeyId, 200]);
  expect(scene.newSteps()).toEqual(["credentials"]);
});

test("a provider with a cache of its own, which was never called, makes no request", async () => {
  const scene = await sdkScene();
  const client = scene.client({ credentials: scene.provider() });
  client.middlewareStack.use(expiredTokenPlugin(scene.provider({ shared: false })));
  await list(client);
  scene.s3.revoke(scene.current().accessKeyId);
  scene.newSteps();

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(scene.newSteps()).toEqual([]);
});

test("anything but a provider of this library is a TypeError", () => {
  const provider = async () => ({ accessKeyId: "a", secretAccessKey: "b" });
  expect(() => expiredTokenPlugin(provider as never)).toThrow(TypeError);
  expect(() => expiredTokenPlugin(undefined as never)).toThrow(TypeError);
  expect(() => expiredTokenPlugin(fromInstanceRole())).not.toThrow();
});
