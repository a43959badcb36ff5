import type { Place } from "./measure.js";

export type CrowdKind = "callers" | "clients" | "rotations";

/** What so many callers, clients or rotations cost. */
export interface Crowd {
  readonly amount: number;
  readonly requests: number;
  readonly failed: number;
}

export async function measureCrowd(
  { project, imds }: Place,
  kind: CrowdKind,
  amount: number,
): Promise<Crowd> {
  await imds.reset();
  const options = { args: [kind, String(amount)], endpoint: imds.endpoint };
  const { ended, failed } = await project.run<{ ended: number; failed: number }>("crowd.mjs", options);
  if (ended !== amount) throw new Error(`${ended} of ${amount} ${kind} have come to an end`);
  return { amount, failed, requests: await imds.count() };
}
