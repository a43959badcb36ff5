import {
  InstanceMetadataError,
  type InstanceMetadataErrorCode,
} from "../../errors/instance-metadata-error.js";

/** The checks, in the order in which a request for credentials meets them. */
export const CHECKS = [
  "settings",
  "other credentials",
  "container",
  "instance",
  "connection",
  "session token",
  "IMDSv1",
  "instance profile",
  "role",
  "credentials",
  "clock",
  "region",
] as const;

export type Check = (typeof CHECKS)[number];

/** `fail` makes the exit status 1; a check is `skipped` when one before it failed. */
export type Status = "ok" | "note" | "warning" | "fail" | "skipped";

/** What a check found. It never holds a secret. */
export interface Finding {
  readonly check: Check;
  readonly status: Status;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
  readonly code?: InstanceMetadataErrorCode;
}

export const ok = (check: Check, message: string): Finding => ({ check, status: "ok", message });

export const note = (check: Check, message: string, fix?: string): Finding => ({
  check,
  status: "note",
  message,
  ...(fix !== undefined && { fix }),
});

export const warning = (check: Check, message: string, fix: string): Finding => ({
  check,
  status: "warning",
  message,
  fix,
});

export const fail = (
  check: Check,
  message: string,
  fix: string,
  code?: InstanceMetadataErrorCode,
): Finding => ({ check, status: "fail", message, fix, ...(code !== undefined && { code }) });

/** The message is the one that the application sees. */
export const failWith = (check: Check, error: InstanceMetadataError, fix: string): Finding =>
  fail(check, error.message, fix, error.code);

export const skipOne = (check: Check, because: Check): Finding => ({
  check,
  status: "skipped",
  message: `Skipped because "${because}" failed.`,
});

export const skip = (checks: readonly Check[], because: Check): Finding[] =>
  checks.map((check) => skipOne(check, because));

/** All checks after this one. */
export const checksAfter = (check: Check): readonly Check[] => CHECKS.slice(CHECKS.indexOf(check) + 1);

/** Any other error is a bug, and ends the doctor. */
export const asError = (error: unknown): InstanceMetadataError => {
  if (error instanceof InstanceMetadataError) return error;
  throw error;
};
