import { randomBytes } from "node:crypto";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";

export async function newBucket(s3: S3Client): Promise<string> {
  const Bucket = `bucket-${randomBytes(6).toString("hex")}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

/** Writes an object and reads it back. */
export async function roundTrip(s3: S3Client, Bucket: string, Key: string): Promise<void> {
  const text = randomBytes(64).toString("hex");
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: text }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(await Body?.transformToString()).toBe(text);
}
