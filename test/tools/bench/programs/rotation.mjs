// S3 calls one after the other while credentials approach their expiration, each with its duration.

import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole } from "ec2-role-credentials";

const [endpoint, milliseconds] = process.argv.slice(2);
const credentials = fromInstanceRole({ advisoryWindowSeconds: 60 });
const client = new S3Client({
  region: "us-east-1",
  endpoint,
  forcePathStyle: true,
  credentials,
  maxAttempts: 1,
});
const call = () => client.send(new ListBucketsCommand({}));

for (let i = 0; i < 20; i++) await call();
process.send("warm");
const delays = [];
const idInUse = async () => (await client.config.credentials()).accessKeyId;
const first = await idInUse();
for (const end = performance.now() + Number(milliseconds); performance.now() < end; ) {
  const began = performance.now();
  await call();
  delays.push(performance.now() - began);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
process.send({ delays, rotated: (await idInUse()) !== first });
process.disconnect();
