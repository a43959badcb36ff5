// npm start -- FILE BUCKET [KEY]

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { fromInstanceRole, instanceRegion } from "ec2-role-credentials";

const [file, bucket, key = basename(file ?? "")] = process.argv.slice(2);
if (!file || !bucket) {
  console.error("usage: npm start -- FILE BUCKET [KEY]");
  process.exit(2);
}

// Each part is signed with the credentials current at that time: an upload may outlast them.
const client = new S3Client({
  region: process.env.AWS_REGION ?? instanceRegion(),
  credentials: fromInstanceRole(),
});
const { size } = await stat(file);
const upload = new Upload({ client, params: { Bucket: bucket, Key: key, Body: createReadStream(file) } });

upload.on("httpUploadProgress", ({ loaded = 0 }) => {
  console.log(`${size === 0 ? 100 : Math.floor((100 * loaded) / size)} %`);
});
await upload.done();
console.log(`${file} is s3://${bucket}/${key}`);
client.destroy();
