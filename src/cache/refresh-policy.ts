/**
 * The durations of refreshing. Names and windows are those of the refresh behavior that the AWS SDKs for other
 * languages share since 2026. The backoff differs on purpose: theirs lasts 5 to 10 minutes, which outlives short
 * credentials; this one lasts a share of the time that is left. All durations are milliseconds.
 */

/** A random number from 0 (inclusive) to 1 (exclusive), as `Math.random` gives. */
export type Random = () => number;

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const between = (random: Random, min: number, max: number): number => min + random() * (max - min);

/** The advisory window, chosen when credentials arrive by the lifetime that they have left then. */
export function advisoryWindow(lifetimeMs: number, configuredMs: number | undefined): number {
  if (configuredMs !== undefined) return configuredMs;
  if (lifetimeMs <= 20 * MINUTE) return 5 * MINUTE;
  if (lifetimeMs < 90 * MINUTE) return 15 * MINUTE;
  return 60 * MINUTE;
}

/** How long before expiration callers start to wait: the last minute, or the last fifth of a short window. */
export const mandatoryWindow = (windowMs: number): number => Math.min(MINUTE, windowMs / 5);

/** The advisory window made longer by up to 5 %, so that processes that started together refresh apart. */
export const jitteredWindow = (windowMs: number, random: Random): number =>
  Math.round(windowMs * (1 + 0.05 * random()));

/** The maximum age made shorter by up to 5 %, for the same reason. */
export const jitteredMaxAge = (maxAgeMs: number, random: Random): number =>
  Math.round(maxAgeMs * (1 - 0.05 * random()));

/** A rejection of the cached credentials shortens a backoff to this, counted from the rejection. */
export const MAX_BACKOFF_WHEN_REJECTED_MS: number = MINUTE;

const MAX_BACKOFF_MS = 5 * MINUTE;

/** Backoff while the cached credentials are valid for another `leftMs`. */
export function backoffWhileValid(leftMs: number, isRejected: boolean, random: Random): number {
  const share = leftMs * between(random, 0.15, 0.3);
  const least = between(random, 2 * SECOND, 5 * SECOND);
  return Math.min(Math.max(share, least), isRejected ? MAX_BACKOFF_WHEN_REJECTED_MS : MAX_BACKOFF_MS);
}

/** Backoff once the cached credentials have expired; `previous` counts the backoffs since then. */
export function backoffWhenExpired(previous: number, random: Random): number {
  const doubling = SECOND * 2 ** Math.min(previous, 10) * between(random, 0.8, 1.2);
  return Math.min(doubling, between(random, 30 * SECOND, MINUTE));
}

/** How long a non-recoverable error of the initial load is raised again without another request. */
export const failFastDuration = (random: Random): number => between(random, SECOND, 5 * SECOND);

/**
 * For this long after an unproductive refresh in the mandatory state, callers do not wait. In this state refreshes
 * follow one another at least every minute; a longer gap means that the machine slept, or that the provider is
 * closed and rarely called, and newer credentials may be available.
 */
export const SERVE_STALE_MS: number = 75 * SECOND;

/** The longest wait of a caller while the cached credentials are expired or rejected. */
export const MAX_WAIT_MS: number = 10 * SECOND;

/** The wait before the next attempt of an initial load that waits for a role; `attempts` counts those so far. */
export const bootRetryDelay = (attempts: number, random: Random): number =>
  Math.min(250 * 2 ** Math.min(attempts - 1, 10), 5 * SECOND) * between(random, 0.8, 1.2);
