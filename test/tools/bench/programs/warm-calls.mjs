// Time of a call that returns cached credentials.

import { S3Client } from "@aws-sdk/client-s3";
import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { fromInstanceRole } from "ec2-role-credentials";
import { Bench } from "tinybench";

const BATCH = 1000;
const [rounds, milliseconds] = process.argv.slice(2).map(Number);

const constant = { accessKeyId: "id", secretAccessKey: "key", expiration: new Date(Date.now() + 3_600_000) };
const until = constant.expiration.getTime();
const client = (credentials) => new S3Client({ region: "us-east-1", credentials });

const CALLS = {
  clock: async () => {
    if (Date.now() < until) return constant;
    throw new Error("expired");
  },
  ours: fromInstanceRole(),
  sdkMemoized: client(fromInstanceMetadata()).config.credentials,
  oursInClient: client(fromInstanceRole()).config.credentials,
};

/** A loop of its own for each, so that one call's types do not slow another's down. */
const batchOf = (call) =>
  new Function("call", `return async () => { for (let i = 0; i < ${BATCH}; i++) await call(); }`)(call);

const batches = Object.entries(CALLS).map(([name, call]) => [name, batchOf(call)]);
for (const [, batch] of batches) for (let i = 0; i < 50; i++) await batch();

const samples = Object.fromEntries(batches.map(([name]) => [name, []]));
for (let round = 0; round < rounds; round++) {
  const bench = new Bench({ time: milliseconds, warmup: false });
  const turn = round % batches.length;
  for (const [name, batch] of [...batches.slice(turn), ...batches.slice(0, turn)]) bench.add(name, batch);
  await bench.run();
  // Nanoseconds of one call.
  for (const { name, result } of bench.tasks) samples[name].push((result.latency.p50 * 1e6) / BATCH);
}
console.log(JSON.stringify(samples));
process.exit();
