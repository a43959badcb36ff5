// The main job, to watch: an S3 client with the instance role's credentials works through several rotations.
// Everything is on loopback: a mocked metadata service, and an S3 endpoint that verifies each request.
// With --freeze the first set is used for ever, which shows that the demo can fail.

import "../../support/closed-network.js";
import { setTimeout as wait } from "node:timers/promises";
import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { fromInstanceRole, instanceRegion } from "ec2-role-credentials";
import type { MockImds } from "ec2-role-credentials/testing";
import { createMockImds } from "ec2-role-credentials/testing";
import { S3Endpoint } from "../../support/s3-endpoint.js";
import { Display } from "./display.js";
import { Rotations } from "./rotations.js";
import { failures, judge, statusLine } from "./summary.js";
import { putListGetDelete, uploadAcross } from "./traffic.js";

const ROTATIONS = 3;
/** By then the first set has been expired for some seconds, and a run that has failed will not recover. */
const FAILED_AFTER_MS = 16_000;
const LONGEST_MS = 30_000;

/**
 * Documents have whole seconds, so a set lives up to a second longer than it was asked to, and is refreshed as
 * much later. Sets that are made late in a second are refreshed well before the rotation that follows.
 */
async function makeFirstSetLateInASecond(imds: MockImds): Promise<void> {
  do {
    await wait((1850 - (Date.now() % 1000)) % 1000);
    imds.rotate();
  } while (Date.now() % 1000 < 800);
}

const imds = createMockImds({ credentialsTtlSeconds: 12, rotateEverySeconds: 4 });
const s3 = new S3Endpoint();
const [metadata, s3Endpoint] = await Promise.all([imds.listen(), s3.listen()]);
const { endpoint } = metadata;
await makeFirstSetLateInASecond(imds);

const display = new Display(process.stdout);
const rotations = new Rotations(imds, s3);
const problems: string[] = [];
const run = { imds, s3, rotations, problems };

const provider = fromInstanceRole({ endpoint, advisoryWindowSeconds: 5 });
let credentials: typeof provider | (() => ReturnType<typeof provider>) = provider;
if (process.argv.includes("--freeze")) {
  const set = await provider();
  provider.close();
  credentials = async () => set;
  display.event("--freeze: the first set is used for ever");
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

function isOver(): boolean {
  if (display.elapsedMs > (failures(run) > 0 ? FAILED_AFTER_MS : LONGEST_MS)) return true;
  return rotations.count >= ROTATIONS && rotations.current === rotations.newest;
}

async function pickUp(): Promise<void> {
  while (rotations.pickedUp === 0 && !isOver()) await wait(50);
}

function tick(): void {
  for (const event of rotations.observe()) display.event(event);
  display.status(statusLine(run));
}

display.event(`IMDS at ${endpoint}: sets live 12 s, a new one every 4 s`);
display.event(`S3 at ${s3Endpoint}: verifies key, token, expiry, signature`);
tick();
const ticking = setInterval(tick, 100);
const upload = attempt(
  uploadAcross(client, pickUp).then(() =>
    display.event("multipart upload completed, begun before rotation 1"),
  ),
);
for (let round = 1; !isOver(); round++) {
  await attempt(putListGetDelete(client, round));
  await wait(100);
}
await upload;
clearInterval(ticking);
tick();

const { passed, lines } = judge(run, ROTATIONS);
display.summary(lines);
process.exitCode = passed ? 0 : 1;

// Nothing is left that could keep the process alive, so it ends by itself.
provider.close();
client.destroy();
await Promise.all([metadata.close(), s3.close()]);
