import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { ServiceInputTypes, ServiceOutputTypes } from "@aws-sdk/client-s3";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { FinalizeRequestMiddleware } from "@smithy/types";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { S3Endpoint } from "./s3-endpoint.js";

const Bucket = "bucket";
const PART = 5 * 1024 * 1024;
const KEY = "folder/a key with+odd &chars?*'é.txt";

let s3: S3Endpoint;
let endpoint: string;
let credentials: AwsCredentialIdentity;
let issued = 0;

/** Temporary credentials with an hour left. */
const newCredentials = (): AwsCredentialIdentity => ({
  accessKeyId: `ASIA${++issued}`,
  secretAccessKey: randomBytes(20).toString("hex"),
  // With characters that must be encoded in a query.
  sessionToken: `${randomBytes(20).toString("base64")}/+==`,
  expiration: new Date(Date.now() + 3_600_000),
});

beforeEach(async () => {
  s3 = new S3Endpoint();
  endpoint = await s3.listen();
  credentials = newCredentials();
  s3.accept(credentials);
  return () => s3.close();
});

function clientOf(used: AwsCredentialIdentity = credentials): S3Client {
  const config = { endpoint, region: "eu-central-1", forcePathStyle: true, maxAttempts: 1 };
  const client = new S3Client({ ...config, credentials: used });
  onTestFinished(() => client.destroy());
  return client;
}

const put = () => new PutObjectCommand({ Bucket, Key: KEY, Body: "hello", ContentType: "text/plain" });
const get = () => new GetObjectCommand({ Bucket, Key: KEY });

test("a client puts, reads, lists and deletes", async () => {
  const client = clientOf();
  await client.send(put());
  expect(await (await client.send(get())).Body?.transformToString()).toBe("hello");
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "folder/" }));
  expect(Contents).toMatchObject([{ Key: KEY, Size: 5 }]);
  await client.send(new DeleteObjectCommand({ Bucket, Key: KEY }));
  await expect(client.send(get())).rejects.toMatchObject({ name: "NoSuchKey" });
  const { accessKeyId } = credentials;
  expect(s3.calls).toEqual([
    { operation: "PutObject", accessKeyId, status: 200 },
    { operation: "GetObject", accessKeyId, status: 200 },
    { operation: "ListObjectsV2", accessKeyId, status: 200 },
    { operation: "DeleteObject", accessKeyId, status: 204 },
    { operation: "GetObject", accessKeyId, status: 404 },
  ]);
});

test("a client uploads a stream, at once and in parts", async () => {
  const client = clientOf();
  const content = randomBytes(2 * PART + 1);
  const chunks = Array.from({ length: 3 }, (_, i) => content.subarray(i * PART, (i + 1) * PART));
  const ContentLength = content.length;
  await client.send(
    new PutObjectCommand({ Bucket, Key: "stream", Body: Readable.from(chunks), ContentLength }),
  );
  const params = { Bucket, Key: "parts", Body: Readable.from([content]) };
  await new Upload({ client, params, partSize: PART }).done();
  for (const Key of ["stream", "parts"]) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(content.equals((await Body?.transformToByteArray()) ?? Buffer.of())).toBe(true);
  }
  expect(s3.calls.filter(({ operation }) => operation === "UploadPart")).toHaveLength(3);
});

describe("credentials are refused", () => {
  const expired = () => {
    const past = { ...newCredentials(), expiration: new Date(Date.now() - 1) };
    s3.accept(past);
    return past;
  };
  const revoked = () => {
    s3.revoke(credentials.accessKeyId);
    return credentials;
  };
  const withoutToken = () => {
    const { sessionToken: _, ...rest } = credentials;
    return rest;
  };
  test.each<[string, () => AwsCredentialIdentity, number, string]>([
    ["with an unknown key", newCredentials, 403, "InvalidAccessKeyId"],
    ["with a wrong secret", () => ({ ...credentials, secretAccessKey: "w" }), 403, "SignatureDoesNotMatch"],
    ["with another session token", () => ({ ...credentials, sessionToken: "w" }), 400, "InvalidToken"],
    ["without their session token", withoutToken, 403, "InvalidAccessKeyId"],
    ["once they have expired", expired, 400, "ExpiredToken"],
    ["once they are revoked", revoked, 400, "ExpiredToken"],
  ])("%s", async (_, used, status, code) => {
    const { accessKeyId, ...others } = used();
    const client = clientOf({ accessKeyId, ...others });
    const $metadata = { httpStatusCode: status };
    await expect(client.send(put())).rejects.toMatchObject({ name: code, $metadata });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: KEY }))).rejects.toMatchObject({
      $metadata,
    });
    expect(s3.calls).toEqual([
      { operation: "PutObject", accessKeyId, status, errorCode: code },
      { operation: "HeadObject", accessKeyId, status, errorCode: code },
    ]);
  });

  test("when there are none", async () => {
    expect((await fetch(`${endpoint}/${Bucket}/key`)).status).toBe(403);
    expect(s3.calls).toMatchObject([{ accessKeyId: undefined, errorCode: "AccessDenied" }]);
  });
});

interface SentRequest {
  path: string;
  body: unknown;
  headers: Record<string, string>;
  query: Record<string, string>;
}

describe("a request that was changed after it had been signed is refused", () => {
  test.each<[string, (request: SentRequest) => void, string]>([
    ["another key", (request) => (request.path = `/${Bucket}/other`), "SignatureDoesNotMatch"],
    ["another body", (request) => (request.body = "hallo"), "XAmzContentSHA256Mismatch"],
    ["another header", ({ headers }) => (headers["content-type"] = "text/html"), "SignatureDoesNotMatch"],
    ["one more parameter", ({ query }) => (query.acl = ""), "SignatureDoesNotMatch"],
  ])("%s", async (_, change, code) => {
    const client = clientOf();
    const tamper: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
      change(args.request as SentRequest);
      return next(args);
    };
    client.middlewareStack.addRelativeTo(tamper, {
      relation: "after",
      toMiddleware: "httpSigningMiddleware",
    });
    await expect(client.send(put())).rejects.toMatchObject({ name: code });
    await expect(clientOf().send(get())).rejects.toMatchObject({ name: "NoSuchKey" });
  });
});

describe("a presigned URL", () => {
  const errorCode = async (response: Response) => /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];

  test("writes and reads without credentials, one key and one method only", async () => {
    const writing = await getSignedUrl(clientOf(), new PutObjectCommand({ Bucket, Key: KEY }));
    expect((await fetch(writing, { method: "PUT", body: "hello" })).status).toBe(200);
    const reading = await getSignedUrl(clientOf(), get());
    expect(await (await fetch(reading)).text()).toBe("hello");
    expect(await errorCode(await fetch(reading.replace("folder", "other")))).toBe("SignatureDoesNotMatch");
    expect(await errorCode(await fetch(reading, { method: "DELETE" }))).toBe("SignatureDoesNotMatch");
  });

  test("expires at its own time, and with the credentials that signed it", async () => {
    const signingDate = new Date(Date.now() - 60_000);
    const old = await getSignedUrl(clientOf(), get(), { signingDate, expiresIn: 59 });
    expect(await errorCode(await fetch(old))).toBe("AccessDenied");
    const valid = await getSignedUrl(clientOf(), get());
    s3.revoke(credentials.accessKeyId);
    expect(await errorCode(await fetch(valid))).toBe("ExpiredToken");
  });
});
