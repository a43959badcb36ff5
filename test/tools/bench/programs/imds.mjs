// A mocked IMDS and an S3 endpoint in a process of their own, controlled by messages.

import { createServer } from "node:http";
import { createMockImds } from "ec2-role-credentials/testing";

const imds = createMockImds();
const listener = await imds.listen();
const onEc2Address = process.argv[2] && (await imds.listen({ host: process.argv[2], port: 80 }));

const BUCKETS = `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`;
const s3 = createServer((request, response) => {
  request.resume();
  response
    .writeHead(200, { "Content-Type": "application/xml", "Content-Length": BUCKETS.length })
    .end(BUCKETS);
});
await new Promise((resolve) => s3.listen(0, "127.0.0.1", resolve));

const orders = {
  count: () => imds.requests.length,
  reset: () => imds.reset(),
  delay: ({ ms }) => imds.delay(ms),
  rotate: ({ seconds }) => {
    imds.rotate({ ...imds.rotate(), expiration: new Date(Date.now() + seconds * 1000) });
  },
};

process.on("message", ({ id, order, ...details }) => {
  process.send({ id, answer: orders[order](details) });
});
process.on("disconnect", () => process.exit());
process.send({
  endpoint: listener.endpoint,
  s3: `http://127.0.0.1:${s3.address().port}`,
  onEc2Address: Boolean(onEc2Address),
});
