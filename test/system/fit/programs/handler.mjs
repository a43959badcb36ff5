// What a service does with the library, from its first call to an error: for every Node, runtime and bundler.

import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  fromInstanceRole,
  InstanceMetadataClient,
  InstanceMetadataError,
  instanceRegion,
} from "ec2-role-credentials";

const credentials = fromInstanceRole();
const metadata = new InstanceMetadataClient();

const s3 = new S3Client({ region: instanceRegion(), credentials, forcePathStyle: true, maxAttempts: 1 });

export async function handler() {
  const { accessKeyId, expiration } = await credentials();
  await s3.send(new PutObjectCommand({ Bucket: "reports", Key: "today", Body: "all is well" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "reports", Key: "today" }));
  await credentials({ forceRefresh: true });
  const { roleName, stale } = credentials.status();
  const error = await metadata.get("/latest/meta-data/nothing").catch((reason) => reason);
  const report = {
    accessKeyId,
    expires: expiration instanceof Date,
    object: await Body.transformToString(),
    roleName,
    stale,
    region: await s3.config.region(),
    instanceId: await metadata.instanceId(),
    error: { known: error instanceof InstanceMetadataError, code: error.code },
  };
  s3.destroy();
  return report;
}
