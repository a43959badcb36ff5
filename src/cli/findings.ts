import type { InstanceMetadataErrorCode } from "../errors.js";

/** `broken` makes the doctor's exit status 1; `skipped` could not be looked at because of something before it. */
export type Verdict = "ok" | "note" | "warning" | "broken" | "skipped";

/** The steps of the doctor, in the order in which a request meets them. */
export type Check =
  | "settings"
  | "other credentials"
  | "instance"
  | "connection"
  | "session token"
  | "IMDSv1"
  | "instance profile"
  | "role"
  | "credentials"
  | "clock"
  | "region";

/** What one step found. It never holds a secret. */
export interface Finding {
  readonly check: Check;
  readonly verdict: Verdict;
  readonly says: string;
  /** What to do about it. */
  readonly cure?: string;
  readonly code?: InstanceMetadataErrorCode;
}
