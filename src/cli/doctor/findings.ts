import {
  InstanceMetadataError,
  type InstanceMetadataErrorCode,
} from "../../errors/instance-metadata-error.js";

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

/** A cure as a finding holds it: none is no field. */
export const curedBy = (cure: string | undefined): { readonly cure?: string } =>
  cure === undefined ? {} : { cure };

/** The error's message says what to do in general; a cure, how to do it here. */
export const broken = (check: Check, error: InstanceMetadataError, cure?: string): Finding => ({
  check,
  verdict: "broken",
  says: error.message,
  ...curedBy(cure),
  code: error.code,
});

export const skipped = (checks: readonly Check[], because: Check): Finding[] =>
  checks.map((check) => ({ check, verdict: "skipped", says: `Not looked at: see ${because}.` }));

export const asError = (error: unknown): InstanceMetadataError => {
  if (error instanceof InstanceMetadataError) return error;
  throw error;
};

/** What the service says, as a part of a sentence: in one line, short, and without its full stop. */
export const quoted = (text: string): string =>
  text.replace(/\s+/g, " ").trim().slice(0, 300).replace(/\.+$/, "");
