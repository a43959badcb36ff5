import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { Upload } from "@aws-sdk/lib-storage";
import { expect, onTestFinished, test } from "vitest";
import { refreshAhead } from "../../../src/index.js";
import { newBucket, roundTrip } from "./objects.js";
import { s3Client, startInstance } from "./role-session.js";

const MIB = 1024 * 1024;

/** An S3 client that signs with a role that was assumed from the instance's role, both refreshed every second. */
async function startReporting(maxAgeSeconds?: number) {
  const instance = await startInstance();
  const instanceRole = instance.provider({ maxAgeSeconds: 1 });
  const reporting = refreshAhead(instance.reportingRole(instanceRole), { maxAgeSeconds, name: "reporting" });
  onTestFinished(() => reporting.close());
  return { ...instance, instanceRole, reporting, ...s3Client(instance.access, reporting) };
}

test("a role assumed from the instance's role works through rotations of both roles", async () => {
  const { s3, signers, reporting, instanceRole, rotate } = await startReporting(1);
  const Bucket = await newBucket(s3);
  const keys = () => new Set(signers.map(({ keyId }) => keyId));
  const instanceKeys: string[] = [(await instanceRole()).accessKeyId];
  for (let rotation = 0; rotation < 3; rotation++) {
    const { accessKeyId } = await rotate();
    instanceKeys.push(accessKeyId);
    while ((await instanceRole()).accessKeyId !== accessKeyId) await roundTrip(s3, Bucket, "key");
    // Assumed with the instance's new credentials: the last refresh may still have used the old ones.
    await reporting({ forceRefresh: true });
    const before = keys().size;
    while (keys().size === before) await roundTrip(s3, Bucket, "key");
  }
  expect(keys().size).toBeGreaterThan(3);
  expect(instanceKeys.filter((key) => keys().has(key))).toEqual([]);
  expect(reporting.status().lastError).toBeUndefined();
});

test("a multipart upload spans a rotation of the assumed role", async () => {
  const { s3, signers, reporting, instanceRole, rotate } = await startReporting();
  const Bucket = await newBucket(s3);
  const before = (await reporting()).accessKeyId;
  let sent = 0;
  s3.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === "UploadPartCommand" && ++sent === 2) {
          await rotate();
          await instanceRole({ forceRefresh: true });
          await reporting({ forceRefresh: true });
        }
        return next(args);
      },
    // Before signing.
    { step: "initialize" },
  );
  const Body = Readable.from([1, 2, 3].map(() => randomBytes(5 * MIB)));
  await new Upload({
    client: s3,
    params: { Bucket, Key: "large", Body },
    partSize: 5 * MIB,
    queueSize: 1,
  }).done();

  const after = (await reporting()).accessKeyId;
  const parts = signers.filter(({ command }) => command === "UploadPartCommand").map(({ keyId }) => keyId);
  expect(after).not.toBe(before);
  expect(parts).toEqual([before, after, after]);
});
