// An application that uses the package as it is published, and puts itself under hostile conditions.

import { closeSync, openSync, readdirSync, readFile, readFileSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { fromInstanceRole, InstanceMetadataError } from "ec2-role-credentials";
import { converse } from "./conversation.mjs";

const options = JSON.parse(process.argv[2] ?? "{}");
const provider = fromInstanceRole(options);
const files = [];
const workers = [];

/** How a call ended, and whether all that it returned belongs together. */
async function outcomeOf(call) {
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await call();
    const whole =
      secretAccessKey === `secret-of-${accessKeyId}` && sessionToken === `token-of-${accessKeyId}`;
    const end = whole ? "credentials" : "incomplete credentials";
    return { end, accessKeyId, expired: expiration.getTime() <= Date.now(), ms: took() };
  } catch (error) {
    if (!(error instanceof InstanceMetadataError)) {
      return { end: "untyped error", message: String(error?.stack ?? error), ms: took() };
    }
    const { code, step, message, tryNextLink, attempts } = error;
    return { end: "typed error", code, step, message, tryNextLink, attempts, ms: took() };
  }
}

/** How many calls ended in each way. */
async function summary(calls) {
  const counts = {};
  for (const { end, code, accessKeyId } of await Promise.all(calls)) {
    const key = `${end} ${code ?? accessKeyId ?? ""}`.trim();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** TCP sockets that this process has open, whether or not they keep it alive. */
function openSockets() {
  const inodes = new Set();
  for (const table of ["tcp", "tcp6"]) {
    for (const row of readFileSync(`/proc/self/net/${table}`, "utf8").trim().split("\n").slice(1)) {
      inodes.add(`socket:[${row.trim().split(/\s+/)[9]}]`);
    }
  }
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return inodes.has(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The one that the directory itself was read with.
      return false;
    }
  }).length;
}

function block({ ms }) {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

/** Where in a turn of the event loop it is blocked: what Node does next differs. */
const BLOCK_WITHIN = {
  timer: (blockNow) => blockNow(),
  immediate: (blockNow) => setImmediate(blockNow),
  // A file that has been read is reported in the poll phase.
  poll: (blockNow) => readFile("/proc/self/stat", blockNow),
};

function startWorker() {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const { fromInstanceRole } = require("ec2-role-credentials");
    fromInstanceRole(workerData)().then(
      ({ accessKeyId }) => parentPort.postMessage(accessKeyId),
      ({ code }) => parentPort.postMessage(code ?? "untyped"),
    );
  `;
  const worker = new Worker(source, { eval: true, workerData: options });
  workers.push(worker);
  return new Promise((resolve) => {
    let received = "nothing";
    worker.once("message", (message) => {
      received = message;
    });
    worker.once("error", (error) => resolve(`error ${error.message}`));
    worker.once("exit", (code) => resolve(`${received}, exit ${code}`));
  });
}

converse({
  call: (props) => outcomeOf(() => provider(props)),
  status: () => {
    const { stale, lastError } = provider.status();
    return { stale, code: lastError?.code };
  },
  invalidate: async () => provider.invalidate((await provider()).accessKeyId),
  burst: ({ callers }) => summary(times(callers, () => outcomeOf(() => provider()))),
  burstOfProviders: ({ callers }) =>
    summary(times(callers, () => outcomeOf(() => fromInstanceRole(options)()))),
  burstOfUnshared: ({ callers }) =>
    summary(times(callers, () => outcomeOf(() => fromInstanceRole({ ...options, shared: false })()))),
  block,
  callAndBlock: (args) => {
    const call = outcomeOf(() => provider(args));
    // Once the request has been sent.
    setTimeout(() => BLOCK_WITHIN[args.within](() => block(args)), args.after);
    return call;
  },
  exhaust: () => {
    try {
      for (;;) files.push(openSync("/dev/null"));
    } catch (error) {
      return error.code;
    }
  },
  free: () => {
    for (const file of files.splice(0)) closeSync(file);
  },
  openSockets,
  workers: ({ count }) => Promise.all(times(count, startWorker)),
  terminateWorkers: () => Promise.all(workers.splice(0).map((worker) => worker.terminate())),
});
