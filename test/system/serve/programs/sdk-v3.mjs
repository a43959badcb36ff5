// Puts an object with the default credential chain of the client-s3 in the directory that is named.

import { createRequire } from "node:module";

const [directory, endpoint] = process.argv.slice(2);
const { S3Client, PutObjectCommand } = createRequire(import.meta.url)(directory);
const s3 = new S3Client({ endpoint, region: "eu-central-1", forcePathStyle: true, maxAttempts: 1 });
await s3.send(new PutObjectCommand({ Bucket: "reports", Key: "today", Body: "all is well" }));
