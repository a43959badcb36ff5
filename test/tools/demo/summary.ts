import type { MockImds } from "ec2-role-credentials/testing";
import type { S3Endpoint } from "../../support/s3-endpoint.js";
import type { Rotations } from "./rotations.js";

/** What a run is judged by. */
export interface Run {
  readonly imds: MockImds;
  readonly s3: S3Endpoint;
  readonly rotations: Rotations;
  /** What went wrong without S3 having refused a call. */
  readonly problems: readonly string[];
}

export interface Verdict {
  readonly passed: boolean;
  readonly lines: readonly string[];
}

const refused = ({ s3 }: Run) => s3.calls.filter(({ status }) => status >= 400);

export const failures = (run: Run): number => refused(run).length + run.problems.length;

/** The line that is kept up to date, short enough for a terminal of 80 columns. */
export function statusLine(run: Run): string {
  const { current } = run.rotations;
  const left = current ? Math.max(0, (current.expiration.getTime() - Date.now()) / 1000) : 0;
  return [
    `rotation ${run.rotations.count}`,
    current?.accessKeyId ?? "no key yet",
    `${left.toFixed(1).padStart(4)} s left`,
    `IMDS ${run.imds.requests.length}`,
    `S3 ${run.s3.calls.length}, failed ${failures(run)}`,
  ].join(" | ");
}

const tally = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ") || "none";
};

/** Passed is a run in which no call failed and every rotation, of which there were enough, was picked up. */
export function judge(run: Run, rotationsWanted: number): Verdict {
  const { imds, s3, rotations, problems } = run;
  const parts = s3.calls.filter(({ operation }) => operation === "UploadPart");
  const signers = new Set(parts.map(({ accessKeyId }) => accessKeyId));
  const missed = rotations.count - rotations.pickedUp;
  const faults = [
    ...(refused(run).length > 0
      ? [`calls refused: ${tally(refused(run).map(({ errorCode }) => errorCode ?? "unknown"))}`]
      : []),
    ...(problems.length > 0 ? [tally(problems)] : []),
    ...(missed > 0 ? [`rotations not picked up: ${missed}`] : []),
    ...(signers.size < 2 ? ["the multipart upload spanned no rotation"] : []),
    ...(rotations.count < rotationsWanted ? [`rotations too few: ${rotations.count}`] : []),
  ];
  return {
    passed: faults.length === 0,
    lines: [
      `rotations          ${rotations.count}, picked up ${rotations.pickedUp}`,
      `IMDS requests      ${imds.requests.length} (${tally(imds.requests.map(({ step }) => step))})`,
      `S3 calls           ${s3.calls.length} (${tally(s3.calls.map(({ operation }) => operation))})`,
      `multipart upload   ${parts.length} parts, signed with different keys: ${signers.size}`,
      `failed             ${failures(run)}`,
      "",
      faults.length === 0
        ? "PASSED: no call failed, and every rotation was picked up"
        : `FAILED: ${faults.join("; ")}`,
    ],
  };
}
