import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { ServiceInputTypes, ServiceOutputTypes } from "@aws-sdk/client-s3";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { AwsCredentialIdentity } from "@aws-sdk/types";
import type { FinalizeRequestMiddleware } from "@smithy/types";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { S3Endpoint } from "./s3-endpoint.js";

const Bucket = "bucket";
const PART = 5 * 1024 * 1024;

let issued = 0;
/** A temporary set with an hour left. */
const newSet = (): AwsCredentialIdentity => ({
  accessKeyId: `ASIA${++issued}`,
  secretAccessKey: randomBytes(20).toString("hex"),
  // With characters that must be encoded in a query.
  sessionToken: `${randomBytes(20).toString("base64")}/+==`,
  expiration: new Date(Date.now() + 3_600_000),
});

let s3: S3Endpoint;
let endpoint: string;
let set: AwsCredentialIdentity;

beforeEach(async () => {
  s3 = new S3Endpoint();
  endpoint = await s3.listen();
  set = newSet();
  s3.accept(set);
  return () => s3.close();
});

function clientOf(credentials: AwsCredentialIdentity = set): S3Client {
  const client = new S3Client({
    endpoint,
    credentials,
    region: "eu-central-1",
    forcePathStyle: true,
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

interface SentRequest {
  path: string;
  body: unknown;
  headers: Record<string, string>;
  query: Record<string, string>;
}

/** A client whose requests are changed by somebody on the way, after they have been signed. */
function tamperedClient(change: (request: SentRequest) => void): S3Client {
  const client = clientOf();
  const tamper: FinalizeRequestMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
    change(args.request as SentRequest);
    return next(args);
  };
  client.middlewareStack.addRelativeTo(tamper, { relation: "after", toMiddleware: "httpSigningMiddleware" });
  return client;
}

const read = async (client: S3Client, Key: string): Promise<Buffer> => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

describe("a real client", () => {
  test("puts, reads, heads, lists and deletes an object", async () => {
    const client = clientOf();
    const Key = "folder/a key with+odd &chars?*'é.txt";
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "hello", ContentType: "text/plain" }));
    expect(await read(client, Key)).toEqual(Buffer.from("hello"));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ContentLength: 5, ContentType: "text/plain" });
    const list = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "folder/" }));
    expect(list.Contents).toMatchObject([{ Key, Size: 5, ETag: head.ETag }]);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(read(client, Key)).rejects.toMatchObject({ name: "NoSuchKey" });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
      name: "NotFound",
    });

    const { accessKeyId } = set;
    expect(s3.calls).toEqual([
      { operation: "PutObject", accessKeyId, status: 200 },
      { operation: "GetObject", accessKeyId, status: 200 },
      { operation: "HeadObject", accessKeyId, status: 200 },
      { operation: "ListObjectsV2", accessKeyId, status: 200 },
      { operation: "DeleteObject", accessKeyId, status: 204 },
      { operation: "GetObject", accessKeyId, status: 404, errorCode: "NoSuchKey" },
      { operation: "HeadObject", accessKeyId, status: 404, errorCode: "NoSuchKey" },
    ]);
  });

  test("uploads a stream, whose checksum comes in a trailer", async () => {
    const client = clientOf();
    const content = randomBytes(200_000);
    const chunks = Array.from({ length: 4 }, (_, i) => content.subarray(i * 50_000, (i + 1) * 50_000));
    const Body = Readable.from(chunks);
    await client.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: content.length }));
    expect(await read(client, "stream")).toEqual(content);
  });

  test("uploads in parts", async () => {
    const client = clientOf();
    const content = randomBytes(2 * PART + 1);
    const params = { Bucket, Key: "large", Body: Readable.from([content]) };
    await new Upload({ client, params, partSize: PART }).done();
    expect((await read(client, "large")).equals(content)).toBe(true);
    expect(s3.calls.map(({ operation }) => operation).sort()).toEqual([
      "CompleteMultipartUpload",
      "CreateMultipartUpload",
      "GetObject",
      "UploadPart",
      "UploadPart",
      "UploadPart",
    ]);
  });

  test("gives an upload up, and can then not complete it", async () => {
    const client = clientOf();
    const upload = { Bucket, Key: "given-up" };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: "part" }));
    await client.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await expect(
      client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload })),
    ).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  test("may not complete an upload with a part that is missing, or too small", async () => {
    const client = clientOf();
    const upload = { Bucket, Key: "incomplete" };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const send = (PartNumber: number) =>
      client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: `part ${PartNumber}` }));
    const [one, two] = [await send(1), await send(2)];
    const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
    await expect(complete([{ PartNumber: 3, ETag: one.ETag }])).rejects.toMatchObject({
      name: "InvalidPart",
    });
    await expect(complete([{ PartNumber: 1, ETag: two.ETag }])).rejects.toMatchObject({
      name: "InvalidPart",
    });
    await expect(
      complete([
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.ETag },
      ]),
    ).rejects.toMatchObject({ name: "EntityTooSmall" });
  });

  test("pages through a bucket", async () => {
    const client = clientOf();
    const keys = ["a", "b", "c", "d", "e"];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
      pages.push((page.Contents ?? []).map(({ Key }) => Key));
    }
    expect(pages).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  test("is told when it asks for what the endpoint does not know", async () => {
    await expect(clientOf().send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: "MethodNotAllowed",
    });
    expect(s3.calls).toMatchObject([{ operation: "Unknown", status: 405 }]);
  });
});

describe("credentials are refused", () => {
  const refusals: [string, () => AwsCredentialIdentity, number, string][] = [
    ["a key id that was never issued", newSet, 403, "InvalidAccessKeyId"],
    ["a wrong secret", () => ({ ...set, secretAccessKey: "wrong" }), 403, "SignatureDoesNotMatch"],
    ["somebody else's session token", () => ({ ...set, sessionToken: "other" }), 400, "InvalidToken"],
    [
      "a temporary set without its session token",
      () => ({ accessKeyId: set.accessKeyId, secretAccessKey: set.secretAccessKey }),
      403,
      "InvalidAccessKeyId",
    ],
    [
      "an expired set",
      () => {
        const expired = { ...newSet(), expiration: new Date(Date.now() - 1) };
        s3.accept(expired);
        return expired;
      },
      400,
      "ExpiredToken",
    ],
    [
      "a revoked set",
      () => {
        s3.revoke(set.accessKeyId);
        return set;
      },
      400,
      "ExpiredToken",
    ],
  ];

  test.each(refusals)("%s", async (_, credentials, status, code) => {
    const used = credentials();
    const client = clientOf(used);
    await expect(
      client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "hello" })),
    ).rejects.toMatchObject({ name: code, $metadata: { httpStatusCode: status } });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "k" }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: status },
    });
    const refused = { accessKeyId: used.accessKeyId, status, errorCode: code };
    expect(s3.calls).toEqual([
      { operation: "PutObject", ...refused },
      { operation: "HeadObject", ...refused },
    ]);
  });

  test("none at all", async () => {
    const answer = await fetch(`${endpoint}/${Bucket}/k`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("<Code>AccessDenied</Code>");
    expect(s3.calls).toEqual([
      { operation: "GetObject", accessKeyId: undefined, status: 403, errorCode: "AccessDenied" },
    ]);
  });

  test("a set without session token and expiration is good until it is revoked", async () => {
    const lasting = { accessKeyId: "AKIA1", secretAccessKey: "secret" };
    s3.accept(lasting);
    await clientOf(lasting).send(new ListObjectsV2Command({ Bucket }));
    s3.revoke("AKIA1");
    await expect(clientOf(lasting).send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({
      name: "ExpiredToken",
    });
  });
});

describe("a request that was changed on its way is refused", () => {
  const put = () => new PutObjectCommand({ Bucket, Key: "k", Body: "hello", ContentType: "text/plain" });
  const changes: [string, (request: SentRequest) => void, string][] = [
    ["another key", (request) => (request.path = `/${Bucket}/other`), "SignatureDoesNotMatch"],
    ["another body", (request) => (request.body = "hallo"), "XAmzContentSHA256Mismatch"],
    [
      "another signed header",
      ({ headers }) => (headers["content-type"] = "text/html"),
      "SignatureDoesNotMatch",
    ],
    ["one more query parameter", ({ query }) => (query.acl = ""), "SignatureDoesNotMatch"],
    ["one more header of AWS", ({ headers }) => (headers["x-amz-acl"] = "public-read"), "AccessDenied"],
    [
      "another time",
      ({ headers }) => (headers["x-amz-date"] = (headers["x-amz-date"] ?? "").replace(/..Z$/, "99Z")),
      "AuthorizationHeaderMalformed",
    ],
    [
      "an authorization of another kind",
      ({ headers }) => (headers.authorization = "AWS AKIA1:c2lnbmF0dXJl"),
      "AuthorizationHeaderMalformed",
    ],
  ];

  test.each(changes)("%s", async (_, change, code) => {
    await expect(tamperedClient(change).send(put())).rejects.toMatchObject({ name: code });
    await expect(read(clientOf(), "k")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("a stream that does not have the checksum in its trailer", async () => {
    const client = tamperedClient((request) => {
      const sent = request.body as Readable;
      request.body = Readable.from(
        (async function* () {
          const bytes = await buffer(sent);
          yield Buffer.from(bytes.toString("latin1").replace("hello", "hallo"), "latin1");
        })(),
      );
    });
    const Body = Readable.from(["hello"]);
    const command = new PutObjectCommand({ Bucket, Key: "k", Body, ContentLength: 5 });
    await expect(client.send(command)).rejects.toMatchObject({ name: "BadDigest" });
  });
});

describe("a presigned URL", () => {
  const get = new GetObjectCommand({ Bucket, Key: "a key" });
  const errorCode = async (answer: Response) => /<Code>(.*)<\/Code>/.exec(await answer.text())?.[1];

  test("can be used without credentials, to write and to read", async () => {
    const writing = await getSignedUrl(clientOf(), new PutObjectCommand({ Bucket, Key: "a key" }));
    expect((await fetch(writing, { method: "PUT", body: "hello" })).status).toBe(200);
    const answer = await fetch(await getSignedUrl(clientOf(), get));
    expect(await answer.text()).toBe("hello");
    expect(s3.calls).toMatchObject([
      { operation: "PutObject", accessKeyId: set.accessKeyId },
      { operation: "GetObject", accessKeyId: set.accessKeyId },
    ]);
  });

  test("is good for its key and its method only", async () => {
    const url = await getSignedUrl(clientOf(), get);
    expect(await errorCode(await fetch(url.replace("a%20key", "other")))).toBe("SignatureDoesNotMatch");
    expect(await errorCode(await fetch(url, { method: "DELETE" }))).toBe("SignatureDoesNotMatch");
    expect(await errorCode(await fetch(url.replace("X-Amz-Expires=9", "X-Amz-Expires=8")))).toBe(
      "SignatureDoesNotMatch",
    );
  });

  test("ends when its time is over", async () => {
    const signingDate = new Date(Date.now() - 60_000);
    const url = await getSignedUrl(clientOf(), get, { signingDate, expiresIn: 59 });
    expect(await errorCode(await fetch(url))).toBe("AccessDenied");
  });

  test("ends with the credentials that signed it", async () => {
    const url = await getSignedUrl(clientOf(), get);
    s3.revoke(set.accessKeyId);
    expect(await errorCode(await fetch(url))).toBe("ExpiredToken");
  });
});
