import type { HeapGrowth } from "./heap.js";

/** What a soak has counted. */
export interface SoakCounts {
  readonly rotations: number;
  readonly s3Calls: number;
  readonly failedCalls: number;
  /** Calls that S3 refused; undefined if the other side did not report. */
  readonly refusedCalls: number | undefined;
  /** Refreshes that brought new credentials. */
  readonly newCredentials: number;
  /** Metadata requests that were made to fail. */
  readonly faults: number | undefined;
  /** Calls of the provider that did not resolve at once. */
  readonly waits: number;
  readonly leastSecondsLeft: number;
  readonly heap: HeapGrowth;
  readonly handlesLeft: readonly string[];
}

/** What is wrong with a run; empty if nothing is. That something was not measured is wrong, too. */
export function problemsOf(counts: SoakCounts): string[] {
  const { rotations, s3Calls, failedCalls, refusedCalls, newCredentials, faults, waits } = counts;
  const { leastSecondsLeft, heap, handlesLeft } = counts;
  const checks: readonly (readonly [ok: boolean, problem: string])[] = [
    [s3Calls > 0, "no S3 call was made"],
    [failedCalls === 0, `${failedCalls} S3 calls failed`],
    [refusedCalls === 0, `S3 refused ${refusedCalls ?? "an unknown number of"} calls`],
    [rotations > 0 && newCredentials > 0, `${rotations} rotations, ${newCredentials} picked up`],
    [faults !== undefined && faults > 0, "no metadata request was made to fail"],
    [waits === 0, `${waits} calls waited for credentials`],
    [leastSecondsLeft > 0, `the credentials in use had ${leastSecondsLeft} s left`],
    [heap.verdict === "flat", `heap: ${heap.verdict}`],
    [handlesLeft.length === 0, `left open: ${handlesLeft.join(", ")}`],
  ];
  return checks.filter(([ok]) => !ok).map(([, problem]) => problem);
}
