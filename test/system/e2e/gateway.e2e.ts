import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { AwsCredentialIdentity } from "@smithy/types";
import { expect, test } from "vitest";
import type { InstanceRoleProvider } from "../../../src/index.js";
import { newBucket, roundTrip } from "./objects.js";
import { type Instance, s3Client, startInstance } from "./role-session.js";

const MIB = 1024 * 1024;

test("an S3 client writes, lists, reads and deletes with the role's credentials", async () => {
  const { access, imds, provider } = await startInstance();
  const { s3, signers } = s3Client(access, provider());
  const Bucket = await newBucket(s3);
  await roundTrip(s3, Bucket, "key");
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key)).toEqual([
    "key",
  ]);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "key" }));
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  expect(new Set(signers.map(({ keyId }) => keyId))).toEqual(new Set([imds.credentials?.accessKeyId]));
  expect(imds.requests.map(({ step }) => step)).toEqual(["token", "role", "credentials"]);
});

test("clients go on through rotations without a failed call", async () => {
  const instance = await startInstance();
  const provider = instance.provider({ maxAgeSeconds: 1 });
  const clients = Array.from({ length: 5 }, () => s3Client(instance.access, provider));
  const [first] = clients;
  if (!first) throw new Error("no client");
  const Bucket = await newBucket(first.s3);
  for (let rotation = 0; rotation < 4; rotation++) {
    const { accessKeyId } = await instance.rotate();
    await Promise.all(
      clients.map(async ({ s3, signers }, number) => {
        while (signers.at(-1)?.keyId !== accessKeyId) await roundTrip(s3, Bucket, `key-${number}`);
      }),
    );
  }
  for (const { signers } of clients) {
    // In the order in which they were made, none left out and none used again once it was replaced.
    const order = signers.map(({ keyId }) => keyId).filter((id, index, all) => id !== all[index - 1]);
    expect(order.length).toBe(new Set(order).size);
    expect(order.length).toBeGreaterThanOrEqual(4);
  }
});

test("a multipart upload spans a rotation", async () => {
  const instance = await startInstance();
  const provider = instance.provider();
  const { s3, signers } = s3Client(instance.access, provider);
  const Bucket = await newBucket(s3);
  const parts = Array.from({ length: 4 }, () => randomBytes(5 * MIB));
  const before = instance.imds.credentials?.accessKeyId;

  let sent = 0;
  s3.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === "UploadPartCommand" && ++sent === 3) {
          await instance.rotate();
          await provider({ forceRefresh: true });
        }
        return next(args);
      },
    // Before signing.
    { step: "initialize" },
  );
  const params = { Bucket, Key: "large", Body: Readable.from(parts) };
  await new Upload({ client: s3, params, partSize: 5 * MIB, queueSize: 1 }).done();

  const after = instance.imds.credentials?.accessKeyId;
  const signedBy = (command: string) =>
    signers.filter((signer) => signer.command === command).map(({ keyId }) => keyId);
  expect(after).not.toBe(before);
  expect(signedBy("CreateMultipartUploadCommand")).toEqual([before]);
  expect(signedBy("UploadPartCommand")).toEqual([before, before, after, after]);
  expect(signedBy("CompleteMultipartUploadCommand")).toEqual([after]);

  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "large" }));
  const read = createHash("sha256").update((await Body?.transformToByteArray()) ?? "");
  expect(read.digest("hex")).toBe(createHash("sha256").update(Buffer.concat(parts)).digest("hex"));
});

/** What the gateway does with the requests of a client with these credentials; any other result is an error. */
async function answerTo(
  { access }: Instance,
  credentials: AwsCredentialIdentity | InstanceRoleProvider,
): Promise<"taken" | "refused"> {
  try {
    await newBucket(s3Client(access, credentials).s3);
    return "taken";
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    // Which of the two depends on how far it got with what it was sent.
    if (status === 400 || status === 403) return "refused";
    throw error;
  }
}

const wrongToken = (): string => randomBytes(200).toString("base64");

test("the gateway accepts a session's credentials as a whole and refuses any part of them", async () => {
  const instance = await startInstance();
  const whole = await instance.assumeRole();
  const other = await instance.assumeRole();
  const { accessKeyId, secretAccessKey } = whole;
  expect(await answerTo(instance, whole)).toBe("taken");
  expect(await answerTo(instance, { accessKeyId, secretAccessKey })).toBe("refused");
  expect(await answerTo(instance, { ...whole, sessionToken: wrongToken() })).toBe("refused");
  expect(await answerTo(instance, { ...whole, secretAccessKey: other.secretAccessKey })).toBe("refused");
});

test("a wrong token that metadata served is refused; the right one is in use once the key is invalidated", async () => {
  const instance = await startInstance();
  const right = await instance.assumeRole();
  instance.imds.rotate({ ...right, sessionToken: wrongToken() });
  const provider = instance.provider();
  expect(await answerTo(instance, provider)).toBe("refused");
  instance.imds.rotate(right);
  expect(await answerTo(instance, provider)).toBe("refused");
  provider.invalidate(right.accessKeyId);
  expect(await answerTo(instance, provider)).toBe("taken");
});
