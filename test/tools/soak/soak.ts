import { fork } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { setImmediate as nextImmediate, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole, REFRESH_CHANNEL, type RefreshEvent } from "../../../src/index.js";
import { markdownTable } from "../../support/markdown.js";
import { type EnvironmentMessage, type SoakTotals, TTL_SECONDS } from "./environment.js";
import { heapGrowth } from "./heap.js";
import { problemsOf } from "./verdict.js";

/**
 * Fifty S3 clients on one provider, over real sockets, with a rotation every half second and one metadata request in
 * twenty failing. `npm run soak -- --minutes 10`.
 */

const CLIENTS = 50;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "1" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError("--minutes must be more than 0");
const { gc } = globalThis;
if (!gc) throw new Error("run it with --expose-gc, as npm run soak does");

for (const name of Object.keys(process.env)) if (/^AWS_|_proxy$/i.test(name)) delete process.env[name];
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/nonexistent";

const environment = fork(fileURLToPath(new URL("./environment.ts", import.meta.url)));
let totals: SoakTotals | undefined;
const { imds, s3 } = await new Promise<Extract<EnvironmentMessage, { type: "ready" }>>((resolve, reject) => {
  environment.once("exit", (code) => reject(new Error(`the services ended with ${code}`)));
  environment.on("message", (message: EnvironmentMessage) => {
    if (message.type === "ready") resolve(message);
    else totals = message;
  });
});

const refreshes = { new: 0, unchanged: 0, expired: 0, failed: 0 };
subscribe(REFRESH_CHANNEL, (event) => {
  refreshes[(event as RefreshEvent).outcome]++;
});

const credentials = fromInstanceRole({
  endpoint: imds,
  advisoryWindowSeconds: 8,
  maxAgeSeconds: 0.5,
  timeout: 500,
});
// The initial load is the only one that a call may wait for.
await credentials();
const config = { region: "us-east-1", endpoint: s3, forcePathStyle: true, maxAttempts: 1, credentials };
const clients = Array.from({ length: CLIENTS }, () => new S3Client(config));

const end = Date.now() + minutes * 60_000;
const failures: string[] = [];
let s3Calls = 0;
let longestCallMs = 0;
let waits = 0;
let leastSecondsLeft = Number.POSITIVE_INFINITY;
// Has its room from the start, or it would itself be what grows.
const heap = new Float64Array(Math.ceil(minutes * 60) + 60);
let samples = 0;

/** A call that returns cached credentials is settled before anything else of the event loop has its turn. */
async function waitsForCredentials(): Promise<boolean> {
  const settled = credentials().then(() => false);
  return Promise.race([settled, nextImmediate(true)]);
}

async function callS3(client: S3Client, index: number): Promise<void> {
  const object = { Bucket: "soak", Key: `client-${index}` };
  const calls = [
    (round: number) => client.send(new PutObjectCommand({ ...object, Body: `round ${round}` })),
    () => client.send(new GetObjectCommand(object)).then(({ Body }) => Body?.transformToString()),
    () => client.send(new ListObjectsV2Command({ Bucket: "soak", Prefix: object.Key })),
  ];
  for (let round = 0; Date.now() < end; round++) {
    if (await waitsForCredentials()) waits++;
    const begun = performance.now();
    await calls[round % calls.length]?.(round).catch((error: unknown) => {
      failures.push(`${new Date().toISOString()} ${error}`);
    });
    longestCallMs = Math.max(longestCallMs, performance.now() - begun);
    s3Calls++;
    await sleep(100 + Math.random() * 200);
  }
}

async function watch(): Promise<void> {
  for (let tick = 0; Date.now() < end; tick++) {
    const { expiration } = credentials.status();
    const secondsLeft = ((expiration?.getTime() ?? Number.NaN) - Date.now()) / 1000;
    leastSecondsLeft = Math.min(leastSecondsLeft, secondsLeft);
    if (tick % 10 === 0 && samples < heap.length) {
      gc?.();
      heap[samples++] = process.memoryUsage().heapUsed;
    }
    await sleep(100);
  }
}

await Promise.all([...clients.map(callS3), watch()]);
for (const client of clients) client.destroy();
credentials.close();
environment.send("end");
await new Promise((resolve) => environment.once("exit", resolve));

const growth = heapGrowth([...heap.slice(0, samples)]);
const handlesLeft = process.getActiveResourcesInfo().filter((name) => /socket|server|timeout/i.test(name));
const percent = (100 * growth.growth).toFixed(2);
const report: readonly (readonly [string, string])[] = [
  ["duration", `${minutes} min, ${totals?.rotations} rotations`],
  ["S3 calls", `${s3Calls} by ${CLIENTS} clients, ${failures.length} failed, ${totals?.refused} refused`],
  ["longest S3 call", `${longestCallMs.toFixed(0)} ms`],
  ["metadata requests", `${totals?.requests}, ${totals?.faults} of them made to fail`],
  [
    "refreshes",
    Object.entries(refreshes)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(", "),
  ],
  ["calls that waited for credentials", String(waits)],
  ["least time left", `${leastSecondsLeft.toFixed(1)} s of ${TTL_SECONDS} s`],
  [
    "heap after collection",
    `${((heap[samples - 1] ?? 0) / 2 ** 20).toFixed(1)} MB, ${percent} % growth: ${growth.verdict}`,
  ],
  ["handles left", handlesLeft.join(", ") || "none"],
];
console.log(markdownTable(["", ""], report));
for (const failure of failures.slice(0, 10)) console.log(`failed: ${failure}`);

const problems = problemsOf({
  rotations: totals?.rotations ?? 0,
  s3Calls,
  failedCalls: failures.length,
  refusedCalls: totals?.refused,
  newCredentials: refreshes.new,
  faults: totals?.faults,
  waits,
  leastSecondsLeft,
  heap: growth,
  handlesLeft,
});
for (const problem of problems) console.error(`FAILED: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
