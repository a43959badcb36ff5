import type { FailureKind, RequestFailure } from "../errors/request-failure.js";

/** A connection that cannot be made in time is tried twice at most, so that off EC2 a chain moves on soon. */
const MOST_CONNECTION_ATTEMPTS = 2;

const MAY_PASS: ReadonlySet<FailureKind> = new Set([
  "reset",
  "timeout",
  "garbled",
  "truncated",
  "unusable",
  "unlisted",
]);

/** Whether a request that failed in this attempt (the first is 1) may be sent again. */
export const mayRetry = ({ kind, statusCode = 0 }: RequestFailure, attempt: number): boolean =>
  MAY_PASS.has(kind) ||
  (kind === "unconnected" && attempt < MOST_CONNECTION_ATTEMPTS) ||
  statusCode === 429 ||
  statusCode >= 500;

/** Waits of 100 ms doubling, each times a random 1 to 2, none over 20 s. */
export const BACKOFF = { minTimeout: 100, maxTimeout: 20_000, factor: 2, randomize: true } as const;
