// Only the main thread asks the metadata service; its worker threads get their credentials from it.

import { Worker } from "node:worker_threads";
import { fromInstanceRole, InstanceMetadataClient } from "ec2-role-credentials";

const { BUCKET = "reports", WORKERS = "4" } = process.env;

const credentials = fromInstanceRole();
const region = process.env.AWS_REGION ?? (await new InstanceMetadataClient().region());

function startWorker(number) {
  const worker = new Worker(new URL("worker.js", import.meta.url), {
    workerData: { region, bucket: BUCKET, key: `report-${number}` },
  });
  worker.on("message", async ({ port }) => {
    try {
      port.postMessage({ identity: await credentials() });
    } catch ({ message, code, tryNextLink }) {
      port.postMessage({ error: { message, code, tryNextLink } });
    }
  });
  worker.on("error", ({ message }) => console.error(message));
  return new Promise((resolve) => worker.once("exit", resolve));
}

const statuses = await Promise.all(
  Array.from({ length: Number(WORKERS) }, (_, number) => startWorker(number)),
);
const done = statuses.filter((status) => status === 0).length;
console.log(`${done} of ${statuses.length} workers are done`);
process.exitCode = done === statuses.length ? 0 : 1;
