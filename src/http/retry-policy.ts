import { consequenceOf, type RequestFailure } from "../errors/request-failure.js";

/** Statuses after which the same request may succeed: throttling and failures of the service, but not "no such method". */
export const isRetriedStatus = (status: number): boolean =>
  status === 429 || (status >= 500 && status !== 501);

/** Whether another attempt may follow this one; the first attempt is 1. */
export function isRetried({ kind }: RequestFailure, attempt: number): boolean {
  if (kind === "status") return true;
  const { retried } = consequenceOf(kind);
  return retried === "always" || (retried === "once" && attempt === 1);
}

/** Waits of 100 ms doubling, each times a random 1 to 2, none over 20 s. */
export const BACKOFF = { minTimeout: 100, maxTimeout: 20_000, factor: 2, randomize: true } as const;

/** The longest that one request can take, its retries included, in milliseconds. */
export function maxRequestMs({ timeoutMs, maxRetries }: { timeoutMs: number; maxRetries: number }): number {
  let total = timeoutMs;
  for (let retry = 0; retry < maxRetries; retry++) {
    total += timeoutMs + Math.min(2 * BACKOFF.minTimeout * BACKOFF.factor ** retry, BACKOFF.maxTimeout);
  }
  return total;
}
