// A package that makes its own S3 client: the store of a tus server, told of the bucket alone.

import { pathToFileURL } from "node:url";

const [directory, endpoint] = process.argv.slice(2);
const { S3Store } = await import(pathToFileURL(`${directory}/dist/index.js`).href);
const store = new S3Store({
  s3ClientConfig: {
    bucket: "reports",
    endpoint,
    region: "eu-central-1",
    forcePathStyle: true,
    maxAttempts: 1,
  },
});
await store.create({ id: "today", size: 11, offset: 0, metadata: {} });
