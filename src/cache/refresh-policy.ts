import type { InstanceMetadataErrorCode } from "../errors/instance-metadata-error.js";

/**
 * When credentials are refreshed: the decisions, without any I/O. The words and windows are those of the
 * cross-SDK refresh behaviour that the AWS SDKs adopted in 2026; where it pauses for 5 to 10 minutes, this one
 * pauses in proportion to the time left, so that an outage does not outlive a short set.
 */

/** What decisions need to know of the set at hand. Times are wall-clock milliseconds. */
export interface HeldSet {
  readonly expiresAt: number;
  /** How long before its expiration it is refreshed. */
  readonly windowMs: number;
  /** Whether a service rejected it. */
  readonly standing: "good" | "invalidated";
}

export type CacheState = "initial" | "fresh" | "advisory" | "mandatory" | "invalidated" | "expired";

/** A random number from 0 (inclusive) to 1 (exclusive), as `Math.random` gives. */
export type Random = () => number;

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const between = (random: Random, min: number, max: number): number => min + random() * (max - min);

/** The advisory window, chosen when a set arrives by the lifetime that it then has left. */
export function advisoryWindow(lifetimeMs: number, override: number | undefined): number {
  if (override !== undefined) return override;
  if (lifetimeMs <= 20 * MINUTE) return 5 * MINUTE;
  if (lifetimeMs < 90 * MINUTE) return 15 * MINUTE;
  return 60 * MINUTE;
}

/** How long before expiration callers begin to wait: the last minute, or the last fifth of a shorter window. */
export const mandatoryWindow = (windowMs: number): number => Math.min(MINUTE, windowMs / 5);

export function stateOf(set: HeldSet | undefined, now: number): CacheState {
  if (set === undefined) return "initial";
  const left = set.expiresAt - now;
  if (left <= 0) return "expired";
  if (set.standing === "invalidated") return "invalidated";
  if (left <= mandatoryWindow(set.windowMs)) return "mandatory";
  return left <= set.windowMs ? "advisory" : "fresh";
}

/** Whether callers may have to wait for a look in this state. */
export const isMandatory = (state: CacheState): boolean =>
  state === "mandatory" || state === "invalidated" || state === "expired";

/** An invalidation shortens a pause to this much from then. */
export const LONGEST_PAUSE_WHEN_INVALIDATED_MS: number = MINUTE;

/**
 * For so long after a look in vain, an expired set is served without waiting. Looks go on behind at least every
 * minute, unless the machine sleeps, or the provider is closed and seldom called: the next look is worth waiting for
 * then, as a newer set may have been there all the while.
 */
export const LONGEST_SERVED_UNSEEN_MS: number = 75 * SECOND;

/**
 * How long nobody looks again after a look that failed or brought nothing new. `expiredPauses` counts the
 * pauses since the set expired.
 */
export function pauseAfter(set: HeldSet, now: number, expiredPauses: number, random: Random): number {
  const left = set.expiresAt - now;
  if (left <= 0) {
    const doubling = SECOND * 2 ** Math.min(expiredPauses, 10) * between(random, 0.8, 1.2);
    return Math.min(doubling, between(random, 30 * SECOND, MINUTE));
  }
  const share = left * between(random, 0.15, 0.3);
  const most = set.standing === "invalidated" ? LONGEST_PAUSE_WHEN_INVALIDATED_MS : 5 * MINUTE;
  return Math.min(Math.max(share, between(random, 2 * SECOND, 5 * SECOND)), most);
}

/** How long a final failure of the first load is repeated without asking again. */
export const holdAfterFailure = (random: Random): number => between(random, SECOND, 5 * SECOND);

/** How much later than due the timer looks, so that processes on one host do not act in step. */
export const timerDelay = (windowMs: number, random: Random): number => between(random, 0, windowMs * 0.05);

/** The wait after the nth look (from 0) of a first load that waits for a role. */
export const waitForRole = (looks: number, random: Random): number =>
  Math.min(250 * 2 ** Math.min(looks, 10), 5 * SECOND) * between(random, 0.8, 1.2);

/** What a set that IMDS answered with is, compared with the one at hand. */
type Verdict = "new" | "unchanged" | "expired";

export interface Arrival {
  readonly verdict: Verdict;
  /** Whether it takes the place of the set at hand. */
  readonly take: boolean;
  /** Whether it ends the need to look: it differs, and is outside its own window. */
  readonly settles: boolean;
}

/** What a set that arrived has in common with the one at hand; `rejected`: the key that a service rejected, again. */
export type Likeness = "same" | "rejected" | "another";

/** Weighs a set that arrived now against the one at hand. */
export function weigh(
  arrived: { readonly expiresAt: number; readonly windowMs: number; readonly likeness: Likeness },
  held: HeldSet | undefined,
  now: number,
): Arrival {
  const left = arrived.expiresAt - now;
  const lastsLonger = held === undefined || arrived.expiresAt > held.expiresAt;
  const isSame = arrived.likeness === "same";
  if (left <= 0) return { verdict: "expired", take: !isSame && lastsLonger, settles: false };
  if (isSame) return { verdict: "unchanged", take: false, settles: false };
  if (arrived.likeness === "rejected") return { verdict: "unchanged", take: true, settles: false };
  if (left > arrived.windowMs) return { verdict: "new", take: true, settles: true };
  const take = lastsLonger || held.standing === "invalidated";
  return { verdict: take ? "new" : "unchanged", take, settles: false };
}

type Code = InstanceMetadataErrorCode | undefined;

/** Whether asking again at once is of no use: such a failure of a first load is held for a moment. */
export const isFinal = (code: Code): boolean =>
  code === "IMDS_DISABLED" ||
  code === "IMDS_FORBIDDEN" ||
  code === "IMDS_UNREACHABLE" ||
  saysRoleIsGone(code);

/** Whether the role itself is gone, as opposed to metadata being down. */
export const saysRoleIsGone = (code: Code): boolean =>
  code === "NO_ROLE_ATTACHED" || code === "ROLE_NOT_ASSUMABLE";

/** Whether a first load that waits for a role goes on after this: no role is attached yet, or nothing answers. */
export const mayComeAtBoot = (code: Code): boolean =>
  code === "NO_ROLE_ATTACHED" || code === "IMDS_UNREACHABLE" || code === "IMDS_TIMEOUT";
