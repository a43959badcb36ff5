import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

const Bucket = "demo";
const PART_SIZE = 5 * 1024 * 1024;

function mustBe(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what} is ${actual}, not ${expected}`);
}

/** One round of what applications do: put an object, find it, read it, delete it. */
export async function putListGetDelete(client: S3Client, round: number): Promise<void> {
  const Key = `round-${round}.txt`;
  const content = `written in round ${round}`;
  await client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "round-" }));
  mustBe(Contents.map((object) => object.Key).join(), Key, "the list");
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  mustBe(await Body?.transformToString(), content, "the object");
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
}

/** Uploads three parts, all but the first after `rotated` has resolved. */
export async function uploadAcross(client: S3Client, rotated: () => Promise<void>): Promise<void> {
  const content = randomBytes(2.5 * PART_SIZE);
  async function* produce(): AsyncGenerator<Buffer> {
    // One byte more than a part: only then is it known that the part is not the last.
    yield content.subarray(0, PART_SIZE + 1);
    await rotated();
    yield content.subarray(PART_SIZE + 1);
  }
  const params = { Bucket, Key: "large.bin", Body: Readable.from(produce()) };
  await new Upload({ client, params, partSize: PART_SIZE, queueSize: 1 }).done();
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "large.bin" }));
  mustBe(
    content.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0)),
    true,
    "equality of the upload",
  );
}
