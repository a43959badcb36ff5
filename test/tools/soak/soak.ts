import { fork } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceRole, REFRESH_CHANNEL, type RefreshEvent } from "../../../src/index.js";
import { tellFigures } from "../../support/figures.js";
import { TTL_SECONDS, type WorldMessage } from "./environment.js";
import { heapVerdict, trendOf } from "./heap.js";
import { timelineSvg } from "./timeline.js";

/**
 * Fifty S3 clients on one provider for as long as asked, over real sockets, through a rotation every two seconds
 * and with one metadata request in twenty failing. `npm run soak -- --minutes 10 [--svg docs/soak.svg]`.
 */

const CLIENTS = 50;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, svg: { type: "string" } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError("--minutes must be more than 0");
const { gc } = globalThis;
if (!gc) throw new Error("run it with --expose-gc, as npm run soak does");

for (const name of Object.keys(process.env)) if (/^AWS_|_proxy$/i.test(name)) delete process.env[name];
process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/nonexistent";

const world = fork(fileURLToPath(new URL("./environment.ts", import.meta.url)));
const started = Date.now();
const faults: number[] = [];
let rotations = 0;
let sum: Extract<WorldMessage, { type: "sum" }> | undefined;
const ready = new Promise<Extract<WorldMessage, { type: "ready" }>>((resolve, reject) => {
  world.once("exit", (code) => reject(new Error(`the other side ended with ${code}`)));
  world.on("message", (message: WorldMessage) => {
    if (message.type === "ready") resolve(message);
    else if (message.type === "rotation") rotations++;
    else if (message.type === "fault") faults.push(message.at - started);
    else sum = message;
  });
});
const { imds, s3 } = await ready;

const looks = { new: 0, unchanged: 0, expired: 0, failed: 0 };
const refreshes: { at: number; outcome: string }[] = [];
subscribe(REFRESH_CHANNEL, (message) => {
  const { outcome } = message as RefreshEvent;
  looks[outcome]++;
  refreshes.push({ at: Date.now() - started, outcome });
  if (refreshes.length > 200) refreshes.shift();
});

const credentials = fromInstanceRole({
  endpoint: imds,
  advisoryWindowSeconds: 8,
  maxAgeSeconds: 2,
  timeout: 500,
});
// The first load is the only one that anybody may wait for.
await credentials();
const clients = Array.from(
  { length: CLIENTS },
  () =>
    new S3Client({ region: "us-east-1", endpoint: s3, forcePathStyle: true, maxAttempts: 1, credentials }),
);

let calls = 0;
let longestCall = 0;
let longestWait = 0;
const failures: string[] = [];
// What is noted down has its room from the start, or it would itself be what grows.
const seconds = Math.ceil(minutes * 60) + 60;
const callsPerSecond = new Float64Array(seconds);
const end = started + minutes * 60_000;

async function work(client: S3Client, index: number): Promise<void> {
  const object = { Bucket: "soak", Key: `client-${index}` };
  for (let round = 0; Date.now() < end; round++) {
    const command = [
      new PutObjectCommand({ ...object, Body: `round ${round}` }),
      new GetObjectCommand(object),
      new ListObjectsV2Command({ Bucket: "soak", Prefix: object.Key }),
    ][round % 3];
    if (!command) continue;
    const asked = performance.now();
    await credentials();
    longestWait = Math.max(longestWait, performance.now() - asked);
    const begun = performance.now();
    try {
      // biome-ignore lint/suspicious/noExplicitAny: the union of three commands has no common overload
      const answer: any = await client.send(command as any);
      await answer.Body?.transformToString();
    } catch (error) {
      failures.push(
        `${new Date().toISOString()} ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
      );
    }
    longestCall = Math.max(longestCall, performance.now() - begun);
    calls++;
    const second = Math.floor((Date.now() - started) / 1000);
    callsPerSecond[second] = (callsPerSecond[second] ?? 0) + 1;
    await sleep(100 + Math.random() * 200);
  }
}

/** Heap after collection, and how long the set in use still lives. */
const rotationsSeen = new Float64Array(seconds);
const heapSeen = new Float64Array(seconds);
let samples = 0;
const timeLeft: [at: number, seconds: number][] = [];
let shortest = Number.POSITIVE_INFINITY;
async function watch(): Promise<void> {
  for (let tick = 0; Date.now() < end; tick++) {
    const { expiration } = credentials.status();
    if (expiration) {
      const left = (expiration.getTime() - Date.now()) / 1000;
      shortest = Math.min(shortest, left);
      timeLeft.push([Date.now() - started, left]);
      if (timeLeft.length > 1000) timeLeft.shift();
    }
    if (tick % 10 === 0) {
      gc?.();
      if (samples < seconds) {
        rotationsSeen[samples] = rotations;
        heapSeen[samples++] = process.memoryUsage().heapUsed;
      }
    }
    await sleep(100);
  }
}

/** Heap against rotations. */
function lastHalf(): [rotations: number, bytes: number][] {
  const indices = Array.from({ length: samples }, (_, index) => index).slice(samples / 2);
  return indices.map((index) => [rotationsSeen[index] ?? 0, heapSeen[index] ?? 0]);
}

await Promise.all([...clients.map(work), watch()]);
for (const client of clients) client.destroy();
credentials.close();
world.send("end");
await new Promise((resolve) => world.once("exit", resolve));

const { verdict, percent, doubt } = heapVerdict(trendOf(lastHalf()), rotations / 2);
const mb = ((heapSeen[samples - 1] ?? 0) / 2 ** 20).toFixed(1);
const handles = process.getActiveResourcesInfo().filter((name) => /socket|server|timeout/i.test(name));
const report: readonly (readonly [string, string])[] = [
  ["duration", `${minutes} min, ${rotations} rotations`],
  ["S3 calls", `${calls} by ${CLIENTS} clients, ${failures.length} failed, ${sum?.refused ?? "?"} refused`],
  ["metadata requests", `${sum?.requests ?? "?"}, ${sum?.faults ?? "?"} of them made to fail`],
  [
    "looks",
    Object.entries(looks)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(", "),
  ],
  [
    "longest wait for credentials",
    `${longestWait.toFixed(1)} ms (longest S3 call ${longestCall.toFixed(1)} ms)`,
  ],
  ["least time left", `${shortest.toFixed(1)} s of ${TTL_SECONDS} s`],
  [
    "heap after collection",
    `${mb} MB; ${percent.toFixed(2)} % ± ${doubt.toFixed(2)} % per 1,000 rotations: ${verdict}`,
  ],
  ["handles left", handles.length === 0 ? "none" : handles.join(", ")],
];
tellFigures("soak", ["", ""], report);
for (const failure of failures.slice(0, 10)) console.log(`failed: ${failure}`);

if (values.svg !== undefined) {
  const durationMs = Date.now() - started;
  await writeFile(
    values.svg,
    timelineSvg(
      { durationMs, timeLeft, refreshes, faults, callsPerSecond: [...callsPerSecond] },
      TTL_SECONDS,
    ),
  );
}
const sound =
  failures.length === 0 && sum?.refused === 0 && calls > 0 && verdict !== "growing" && shortest > 0;
process.exitCode = sound && handles.length === 0 ? 0 : 1;
