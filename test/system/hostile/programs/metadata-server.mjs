// The metadata service as a process of its own. Every set is recognizably one: each of its parts names its key.

import { createMockImds } from "ec2-role-credentials/testing";
import { converse } from "./conversation.mjs";

const imds = createMockImds();
let listener;
let sets = 0;

function rotate({ seconds = 3600 }) {
  const accessKeyId = `ASIA${process.pid}N${++sets}`;
  imds.rotate({
    accessKeyId,
    secretAccessKey: `secret-of-${accessKeyId}`,
    sessionToken: `token-of-${accessKeyId}`,
    expiration: new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000),
  });
  return accessKeyId;
}

converse({
  async listen({ port, host, seconds }) {
    rotate({ seconds });
    listener = await imds.listen({ port: port ?? 0, host: host ?? "127.0.0.1" });
    return { port: listener.port, endpoint: listener.endpoint };
  },
  rotate,
  close: () => listener.close(),
  fail: (fault) => imds.fail({ ...fault, times: fault.times ?? Number.POSITIVE_INFINITY }),
  delay: ({ ms, on }) => imds.delay(ms, on),
  steps: () => imds.requests.map(({ step }) => step),
});
process.stdin.once("end", () => listener?.close());
