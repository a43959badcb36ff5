import { Readable } from "node:stream";
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { createCredentialChain, fromEnv } from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import { expect, test } from "vitest";
import type { InstanceRoleProvider } from "../../src/index.js";
import { expiredTokenPlugin, fromInstanceRole } from "../../src/index.js";
import type { SdkSetup } from "../support/sdk-setup.js";
import { sdkSetup } from "../support/sdk-setup.js";

const Bucket = "bucket";
const list = (client: S3Client) => client.send(new ListObjectsV2Command({ Bucket }));

/** A client whose provider has cached credentials that S3 no longer accepts; IMDS has new ones. */
async function rejected() {
  const setup = await sdkSetup();
  const provider = setup.provider();
  const client = setup.client({ credentials: provider });
  client.middlewareStack.use(expiredTokenPlugin(provider));
  const old = await provider();
  setup.s3.revoke(old.accessKeyId);
  const { accessKeyId } = setup.rotate();
  setup.newSteps();
  return {
    ...setup,
    provider,
    client,
    newClient: setup.client,
    oldKey: old.accessKeyId,
    newKey: accessKeyId,
  };
}

const outcomes = ({ s3 }: Pick<SdkSetup, "s3">) =>
  s3.calls.map(({ accessKeyId, status, errorCode }) => [accessKeyId, errorCode ?? status]);

test("a call whose key was rejected is sent again with the new key, and succeeds", async () => {
  const setup = await rejected();

  await list(setup.client);

  expect(outcomes(setup)).toEqual([
    [setup.oldKey, "ExpiredToken"],
    [setup.newKey, 200],
  ]);
  expect(setup.newSteps()).toEqual(["credentials"]);
});

test("without the plugin the same call fails", async () => {
  const setup = await rejected();
  const plain = setup.newClient({ credentials: setup.provider });

  await expect(list(plain)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(setup)).toEqual([[setup.oldKey, "ExpiredToken"]]);
});

test("20 calls that are rejected together make one refresh, and all succeed", async () => {
  const setup = await rejected();

  await Promise.all(Array.from({ length: 20 }, () => list(setup.client)));

  expect(setup.s3.calls.filter(({ status }) => status === 200)).toHaveLength(20);
  expect(setup.newSteps()).toEqual(["credentials"]);
});

test.for<[string, NonNullable<PutObjectCommandInput["Body"]>]>([
  ["a string", "content ü"],
  ["a Buffer", Buffer.from("content ü")],
  ["a Uint8Array", new TextEncoder().encode("content ü")],
])("a body that is %s arrives whole the second time", async ([, Body]) => {
  const setup = await rejected();

  await setup.client.send(new PutObjectCommand({ Bucket, Key: "key", Body }));

  const object = await setup.client.send(new GetObjectCommand({ Bucket, Key: "key" }));
  await expect(object.Body?.transformToString()).resolves.toBe("content ü");
  expect(outcomes(setup).slice(0, 2)).toEqual([
    [setup.oldKey, "ExpiredToken"],
    [setup.newKey, 200],
  ]);
});

test("a body that is a stream is not sent again: the call fails with the service's error", async () => {
  const setup = await rejected();
  const Body = Readable.from([Buffer.from("content")]);

  const call = setup.client.send(new PutObjectCommand({ Bucket, Key: "key", Body, ContentLength: 7 }));

  await expect(call).rejects.toMatchObject({ name: "ExpiredToken" });
  expect(outcomes(setup)).toEqual([[setup.oldKey, "ExpiredToken"]]);
});

test("a refresh that brings the same key leaves the service's error to the caller", async () => {
  const setup = await rejected();
  setup.imds.rotate({ ...(await setup.provider()) });

  await expect(list(setup.client)).rejects.toMatchObject({
    name: "ExpiredToken",
    $metadata: { httpStatusCode: 400 },
  });

  expect(outcomes(setup)).toEqual([[setup.oldKey, "ExpiredToken"]]);
  expect(setup.newSteps()).toEqual(["credentials"]);
});

test("a refresh that fails leaves the service's error to the caller", async () => {
  const setup = await rejected();
  setup.imds.disable();

  await expect(list(setup.client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(setup)).toEqual([[setup.oldKey, "ExpiredToken"]]);
});

test("a request signed with another provider's credentials is left alone", async () => {
  const setup = await rejected();
  const other = { ...(await setup.provider()), accessKeyId: "ASIAOTHER" };
  setup.s3.accept(other);
  setup.s3.revoke(other.accessKeyId);
  const client = setup.newClient({ credentials: other });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider));
  setup.newSteps();

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(setup)).toEqual([["ASIAOTHER", "ExpiredToken"]]);
  expect(setup.newSteps()).toEqual([]);
});

test("a rejected upload of a stream invalidates the key: the next upload succeeds", async () => {
  const setup = await rejected();
  const upload = () => {
    const Body = Readable.from([Buffer.from("content")]);
    return setup.client.send(new PutObjectCommand({ Bucket, Key: "key", Body, ContentLength: 7 }));
  };

  await expect(upload()).rejects.toMatchObject({ name: "ExpiredToken" });
  await upload();

  expect(outcomes(setup)).toEqual([
    [setup.oldKey, "ExpiredToken"],
    [setup.newKey, 200],
  ]);
});

test.for<[string, (provider: InstanceRoleProvider) => AwsCredentialIdentityProvider]>([
  ["in a chain", (provider) => createCredentialChain(provider, fromEnv())],
  ["in a function of the application", (provider) => async () => provider()],
])("a provider that the client has %s", async ([, wrap]) => {
  const setup = await rejected();
  const client = setup.newClient({ credentials: wrap(setup.provider) });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider));
  // The client has cached the credentials that are to be rejected.
  setup.imds.rotate({ ...(await setup.provider()), accessKeyId: "ASIAKEPTBYCLIENT" });
  const kept = await setup.provider({ forceRefresh: true });
  setup.s3.accept(kept);
  await list(client);
  setup.s3.revoke(kept.accessKeyId);
  const { accessKeyId } = setup.rotate();
  const before = setup.s3.calls.length;
  setup.newSteps();

  await list(client);
  expect(setup.newSteps()).toEqual(["credentials"]);

  expect(outcomes(setup).slice(before)).toEqual([
    [kept.accessKeyId, "ExpiredToken"],
    [accessKeyId, 200],
  ]);
});

test("credentials that the application copied into the client are rejected once, not twice", async () => {
  const setup = await rejected();
  const client = setup.newClient({ credentials: { ...(await setup.provider()) } });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider));

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(outcomes(setup)).toEqual([[setup.oldKey, "ExpiredToken"]]);
});

test("a client with cacheMiddleware: every rejection is handled", async () => {
  const setup = await rejected();
  const client = setup.newClient({ credentials: setup.provider, cacheMiddleware: true });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider));

  for (let round = 0; round < 3; round++) {
    await list(client);
    setup.s3.revoke(setup.current().accessKeyId);
    setup.rotate();
  }

  expect(outcomes(setup).filter(([, outcome]) => outcome === 200)).toHaveLength(3);
});

test("plugins of two providers work on one client", async () => {
  const setup = await rejected();
  setup.client.middlewareStack.use(
    expiredTokenPlugin(fromInstanceRole({ endpoint: setup.endpoint, shared: false })),
  );
  setup.client.middlewareStack.use(expiredTokenPlugin(setup.provider));

  await list(setup.client);

  expect(outcomes(setup)).toEqual([
    [setup.oldKey, "ExpiredToken"],
    [setup.newKey, 200],
  ]);
});

test("a provider that was never called, but shares the cache of the client's provider, works as well", async () => {
  const setup = await sdkSetup();
  const client = setup.client({ credentials: setup.provider() });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider()));
  await list(client);
  setup.s3.revoke(setup.current().accessKeyId);
  const { accessKeyId } = setup.rotate();
  setup.newSteps();

  await list(client);

  expect(outcomes(setup).at(-1)).toEqual([accessKeyId, 200]);
  expect(setup.newSteps()).toEqual(["credentials"]);
});

test("a provider with a cache of its own, which was never called, makes no request", async () => {
  const setup = await sdkSetup();
  const client = setup.client({ credentials: setup.provider() });
  client.middlewareStack.use(expiredTokenPlugin(setup.provider({ shared: false })));
  await list(client);
  setup.s3.revoke(setup.current().accessKeyId);
  setup.newSteps();

  await expect(list(client)).rejects.toMatchObject({ name: "ExpiredToken" });

  expect(setup.newSteps()).toEqual([]);
});

test("anything but a provider of this library is a TypeError", () => {
  const provider = async () => ({ accessKeyId: "a", secretAccessKey: "b" });
  expect(() => expiredTokenPlugin(provider as never)).toThrow(TypeError);
  expect(() => expiredTokenPlugin(undefined as never)).toThrow(TypeError);
  expect(() => expiredTokenPlugin(fromInstanceRole())).not.toThrow();
});
