import { fork } from "node:child_process";
import { once } from "node:events";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import type { Library } from "./crowds.js";
import type { ImdsProcess } from "./imds-process.js";
import { median } from "./statistics.js";
import type { Workshop } from "./workspace.js";

/** A little over the five minutes before expiration at which both libraries begin to refresh. */
const FIRST_SET_SECONDS = 308;
const WATCHED_MS = 12_000;
export const IMDS_DELAY_MS = 250;

export interface RotationDelay {
  /** Of a call that waits for nothing. */
  readonly typicalMs: number;
  readonly longestMs: number;
  /** Calls that took longer than the typical one by more than an answer of the IMDS, the least that a wait can be. */
  readonly waits: number;
}

/** S3 calls through a real client over a rotation, while each answer of the IMDS takes 250 ms. */
export async function measureRotation(
  { workshop, imds }: { readonly workshop: Workshop; readonly imds: ImdsProcess },
  library: Library,
): Promise<RotationDelay> {
  await imds.reset();
  await imds.rotate(FIRST_SET_SECONDS);
  const child = fork("rotation.mjs", [library, imds.s3, String(WATCHED_MS)], {
    cwd: workshop.directory,
    execArgv: [],
    env: { ...CLEAN_ENVIRONMENT, AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint, NODE_NO_WARNINGS: "1" },
  });
  await once(child, "message");
  await imds.delay(IMDS_DELAY_MS);
  await imds.rotate(6 * 3600);
  const [{ delays, rotated }]: [{ delays: number[]; rotated: boolean }] = (await once(
    child,
    "message",
  )) as never;
  if (!rotated) throw new Error(`${library} did not pick the rotation up while it was watched`);
  const typicalMs = median(delays);
  const waits = delays.filter((delay) => delay > typicalMs + IMDS_DELAY_MS).length;
  return { typicalMs, longestMs: Math.max(...delays), waits };
}
