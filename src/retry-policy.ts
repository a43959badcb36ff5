import type { RequestFailure } from "./request-failure.js";

/** A connection that cannot be made in time is tried twice at most, so that off EC2 a chain moves on soon. */
const MOST_CONNECTION_ATTEMPTS = 2;

/** Whether a request that failed in this attempt (the first is 1) may be sent again. */
export function mayRetry(failure: RequestFailure, attempt: number): boolean {
  switch (failure.kind) {
    case "reset":
    case "timeout":
    case "garbled":
    case "truncated":
    case "unusable":
    case "unlisted":
      return true;
    case "unconnected":
      return attempt < MOST_CONNECTION_ATTEMPTS;
    case "status":
      return failure.statusCode === 429 || (failure.statusCode ?? 0) >= 500;
    case "refused":
    case "unroutable":
    case "oversized":
    case "illegal":
    case "aborted":
      return false;
  }
}

/** Waits of 100 ms doubling, each times a random 1 to 2, none over 20 s. */
export const BACKOFF = { minTimeout: 100, maxTimeout: 20_000, factor: 2, randomize: true } as const;
