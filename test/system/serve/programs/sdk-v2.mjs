// Puts an object with the default credential chain of the AWS SDK for JavaScript v2 in the directory that is named.

import { createRequire } from "node:module";

const [directory, endpoint] = process.argv.slice(2);
const AWS = createRequire(import.meta.url)(directory);
const s3 = new AWS.S3({
  endpoint,
  region: "eu-central-1",
  s3ForcePathStyle: true,
  signatureVersion: "v4",
  maxRetries: 0,
});
await s3.putObject({ Bucket: "reports", Key: "today", Body: "all is well" }).promise();
