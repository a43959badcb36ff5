// The main job, to watch: an S3 client with the instance role's credentials works through several rotations.
// Everything is on loopback: a mocked metadata service, and an S3 endpoint that verifies each request.
// With --freeze the first credentials are used for ever, which shows that the demo can fail.

import "../../support/closed-network.js";
import { setTimeout as wait } from "node:timers/promises";
import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { fromInstanceRole, instanceRegion } from "ec2-role-credentials";
import { createMockImds } from "ec2-role-credentials/testing";
import { S3Endpoint } from "../../support/s3-endpoint.js";
import { Display } from "./display.js";
import { Rotations } from "./rotations.js";
import { failures, judge, statusLine } from "./summary.js";
import { putListGetDelete, uploadAcross } from "./traffic.js";

const TTL_SECONDS = 12;
/** Leaves a busy machine so many seconds for a refresh before anything expires. */
const ADVISORY_WINDOW_SECONDS = 7;
const ROTATIONS = 3;
/** After the last rotation was picked up. */
const ROTATE_AFTER_MS = 1500;
const MAX_MS = 120_000;

const imds = createMockImds({ credentialsTtlSeconds: TTL_SECONDS });
const s3 = new S3Endpoint();
const [metadata, s3Endpoint] = await Promise.all([imds.listen(), s3.listen()]);
const { endpoint } = metadata;

const display = new Display(process.stdout);
const rotations = new Rotations(imds, s3);
const problems: string[] = [];
const run = { imds, s3, rotations, problems };

const provider = fromInstanceRole({ endpoint, advisoryWindowSeconds: ADVISORY_WINDOW_SECONDS });
let credentials: typeof provider | (() => ReturnType<typeof provider>) = provider;
if (process.argv.includes("--freeze")) {
  const first = await provider();
  provider.close();
  credentials = async () => first;
  display.event("--freeze: the first credentials are used for ever");
}
const client = new S3Client({
  endpoint: s3Endpoint,
  region: instanceRegion({ endpoint }),
  credentials,
  forcePathStyle: true,
  maxAttempts: 1,
});

/** What S3 refuses is on the endpoint's record; anything else is kept here. */
async function attempt(work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (!(error instanceof S3ServiceException)) problems.push(String(error));
  });
}

const isOver = (): boolean =>
  failures(run) > 0 ||
  display.elapsedMs > MAX_MS ||
  (rotations.count >= ROTATIONS && rotations.isNewestInUse);

async function rotate(): Promise<void> {
  while (!isOver()) {
    await wait(ROTATE_AFTER_MS);
    if (isOver()) return;
    display.event(`rotation ${rotations.count + 1}: metadata serves ${rotations.rotate()}`);
    while (!rotations.isNewestInUse && !isOver()) await wait(50);
  }
}

async function firstRotationPickedUp(): Promise<void> {
  while (rotations.pickedUp === 0 && !isOver()) await wait(50);
}

function show(): void {
  for (const line of rotations.newlyInUse()) display.event(line);
  display.status(statusLine(run));
}

async function callS3(): Promise<void> {
  for (let round = 1; !isOver(); round++) {
    await attempt(putListGetDelete(client, round));
    await wait(100);
  }
}

async function upload(): Promise<void> {
  await uploadAcross(client, firstRotationPickedUp);
  display.event("multipart upload completed: begun before rotation 1, ended after it");
}

display.event(`IMDS at ${endpoint}: credentials live ${TTL_SECONDS} s`);
display.event(`S3 at ${s3Endpoint}: verifies key, token, expiration, signature`);
show();
const showing = setInterval(show, 100);
await Promise.all([rotate(), callS3(), attempt(upload())]);
clearInterval(showing);
show();

const { passed, lines } = judge(run, ROTATIONS);
display.summary(lines);
process.exitCode = passed ? 0 : 1;

// Nothing is left that could keep the process alive, so it ends by itself.
provider.close();
client.destroy();
await Promise.all([metadata.close(), s3.close()]);
