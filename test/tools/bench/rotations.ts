import { fork } from "node:child_process";
import { once } from "node:events";
import { CLEAN_ENVIRONMENT } from "../../support/child-process.js";
import type { Place } from "./measure.js";
import { median } from "./statistics.js";

/** programs/rotation.mjs refreshes 60 to 63 seconds ahead of expiration, so 3 to 6 seconds after the first load. */
const FIRST_LIFETIME_SECONDS = 66;
const WATCHED_MS = 12_000;
const IMDS_DELAY_MS = 250;

export interface RotationDelay {
  /**
   * S3 calls that took longer than the typical one by more than a response of the metadata service, the least that
   * waiting for it can take. NaN if there were no calls.
   */
  readonly waits: number;
}

/** S3 calls through a real client over a rotation, while each response of the metadata service takes 250 ms. */
export async function measureRotation({ project, imds }: Place): Promise<RotationDelay> {
  await imds.reset();
  await imds.rotate(FIRST_LIFETIME_SECONDS);
  const child = fork("rotation.mjs", [imds.s3, String(WATCHED_MS)], {
    cwd: project.directory,
    execArgv: [],
    env: { ...CLEAN_ENVIRONMENT, AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint, NODE_NO_WARNINGS: "1" },
  });
  await once(child, "message");
  await imds.delay(IMDS_DELAY_MS);
  await imds.rotate(6 * 3600);
  const [report]: [{ delays: number[]; rotated: boolean }] = (await once(child, "message")) as never;
  const { delays, rotated } = report;
  if (!rotated) throw new Error("the rotation was not picked up while it was watched");
  if (delays.length === 0) return { waits: Number.NaN };
  const typicalMs = median(delays);
  return { waits: delays.filter((delay) => delay > typicalMs + IMDS_DELAY_MS).length };
}
