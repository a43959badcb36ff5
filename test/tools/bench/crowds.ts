import type { ImdsProcess } from "./imds-process.js";
import type { Workshop } from "./workspace.js";

export type Library = "ours" | "smithy";
export type CrowdKind = "callers" | "clients" | "rotations";

/** What so many callers, clients or rotations cost. */
export interface Crowd {
  readonly amount: number;
  readonly requests: number;
  readonly milliseconds: number;
  readonly failed: number;
}

export async function measureCrowd(
  { workshop, imds }: { readonly workshop: Workshop; readonly imds: ImdsProcess },
  library: Library,
  kind: CrowdKind,
  amount: number,
): Promise<Crowd> {
  await imds.reset();
  const args = [library, kind, String(amount)];
  const { milliseconds, failed } = await workshop.run<Pick<Crowd, "milliseconds" | "failed">>("crowd.mjs", {
    args,
    endpoint: imds.endpoint,
  });
  return { amount, milliseconds, failed, requests: await imds.count() };
}
