import type { Deadline, Instant } from "../runtime/clock.js";
import { deadlineIn, isPast, msUntil } from "../runtime/clock.js";
import type { Random } from "./refresh-policy.js";
import {
  advisoryWindow,
  backoffWhenExpired,
  backoffWhileValid,
  failFastDuration,
  jitteredMaxAge,
  jitteredWindow,
  MAX_BACKOFF_WHEN_REJECTED_MS,
  MAX_WAIT_MS,
  mandatoryWindow,
  SERVE_STALE_MS,
} from "./refresh-policy.js";

/**
 * The rules of refreshing, without any I/O: what is cached is one value, events turn it into the next one, and
 * questions are answered from it. Time and randomness are arguments.
 */

/** What the rules need to know of credentials. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Wall clock, milliseconds since the epoch; `Infinity` for credentials without an expiration. */
  readonly expiresAt: number;
}

/** What can be configured of the rules. */
export interface RefreshSettings {
  readonly advisoryWindowMs: number | undefined;
  /** `undefined`: credentials are refreshed because of their expiration only. */
  readonly maxAgeMs: number | undefined;
  /** How long the first attempt of a refresh may take: the longest wait while the cached credentials are valid. */
  readonly attemptMs: number;
}

/** A key that a service rejected. */
interface Rejection {
  readonly accessKeyId: string;
  /** The rejection came while a refresh was in flight, which may have read these credentials before. */
  readonly duringRefresh: boolean;
}

/** No credentials are cached. */
export interface Empty {
  readonly kind: "empty";
  /** A non-recoverable error that is raised again, without another request, until the deadline. */
  readonly failFast: { readonly error: unknown; readonly until: Deadline } | undefined;
  readonly rejections: readonly Rejection[];
}

/** Credentials are cached: valid or expired, accepted or rejected. */
export interface Cached<C extends Credentials> {
  readonly kind: "cached";
  readonly credentials: C;
  readonly windowMs: number;
  /** The start of the advisory state by the wall clock, drawn when the credentials arrived. */
  readonly refreshAt: number;
  readonly maxAgeAt: Deadline | undefined;
  /** No refresh starts before the deadline. */
  readonly backoff: { readonly until: Deadline; readonly sinceExpired: number } | undefined;
  /** The last refresh in the mandatory state was unproductive: until the deadline callers do not wait. */
  readonly serveStaleUntil: Deadline | undefined;
  /** The latest answer of the source: these credentials will not be renewed. */
  readonly gone: { readonly error: unknown } | undefined;
  readonly rejections: readonly Rejection[];
}

export type CacheState<C extends Credentials = Credentials> = Empty | Cached<C>;

export const EMPTY: Empty = { kind: "empty", failFast: undefined, rejections: [] };

/** `mandatory`, `rejected` and `expired` together are the mandatory state. */
export type Stage = "initial" | "fresh" | "advisory" | "mandatory" | "rejected" | "expired";

/** What triggered a refresh. */
export type RefreshKind = "initial" | "advisory" | "maxAge" | "mandatory" | "forced";

/** What a refresh brought, compared with what was cached. */
export type ArrivalOutcome = "new" | "unchanged" | "expired";

/** A refresh in flight, as far as the rules are concerned. */
export interface RefreshInFlight {
  /** By the monotonic clock. */
  readonly startedAt: number;
}

/** What to do about one call. `start`: start this refresh first. */
export type CallDecision =
  | { readonly serve: "cached"; readonly start: RefreshKind | undefined }
  | { readonly serve: "refreshed"; readonly start: RefreshKind | undefined; readonly waitMs: number }
  | { readonly serve: "error"; readonly error: unknown; readonly start: undefined };

const MAX_REJECTIONS = 64;

// ---- Transitions ----

/** Time has passed: expired credentials are dropped if the latest answer was that they will not be renewed. */
export function timePassed<C extends Credentials>(state: CacheState<C>, now: Instant): CacheState<C> {
  if (state.kind === "empty" || !state.gone || now.wall < state.credentials.expiresAt) return state;
  const { gone, backoff, rejections } = state;
  // Once the backoff is over, the answer may be hours old: the next call asks again.
  const failFast = backoff && !isPast(backoff.until, now) ? { ...gone, until: backoff.until } : undefined;
  return { kind: "empty", failFast, rejections };
}

export interface Arrival<C extends Credentials> {
  readonly state: CacheState<C>;
  readonly outcome: ArrivalOutcome;
  /** They were read before a service rejected them, which says nothing about newer ones: refresh again at once. */
  readonly again: boolean;
}

/** A refresh brought credentials. */
export function credentialsArrived<C extends Credentials>(
  before: CacheState<C>,
  credentials: C,
  settings: RefreshSettings,
  now: Instant,
  random: Random,
): Arrival<C> {
  const rejection = rejectionOf(before, credentials.accessKeyId);
  const state = { ...before, rejections: before.rejections.map(settled) };
  if (rejection?.duringRefresh) return { state, outcome: "unchanged", again: true };
  const { windowMs, refreshAt } = windowOf(credentials, settings, now, random);
  const comparison = compare(state, credentials, refreshAt, now);
  const { outcome, isProductive } = comparison;
  const kept: Cached<C> =
    state.kind === "empty" || comparison.replaces
      ? { ...NOTHING_PENDING, credentials, windowMs, refreshAt, rejections: state.rejections }
      : { ...state, gone: undefined };
  // Expired credentials are no success: they do not postpone the next refresh by another maximum age.
  const maxAgeAt =
    outcome === "expired" && state.kind === "cached" ? state.maxAgeAt : maxAgeDeadline(settings, now, random);
  const isDone = isProductive || (outcome !== "expired" && stageOf(kept, now) === "fresh");
  if (isDone) return { state: { ...kept, ...NO_BACKOFF, maxAgeAt }, outcome, again: false };
  const sinceExpired = state.kind === "cached" ? (state.backoff?.sinceExpired ?? 0) : 0;
  return {
    state: backedOff({ ...kept, maxAgeAt }, sinceExpired, now, random),
    outcome,
    again: false,
  };
}

/** A refresh failed. */
export function refreshFailed<C extends Credentials>(
  before: CacheState<C>,
  failure: { readonly error: unknown; readonly isNonRecoverable: boolean; readonly isGone: boolean },
  now: Instant,
  random: Random,
): CacheState<C> {
  const { error, isGone, isNonRecoverable } = failure;
  const state = { ...before, rejections: before.rejections.map(settled) };
  if (state.kind === "empty") {
    const until = deadlineIn(failFastDuration(random), now);
    return { ...state, failFast: isNonRecoverable ? { error, until } : undefined };
  }
  const gone = isGone ? { error } : undefined;
  const sinceExpired = state.backoff?.sinceExpired ?? 0;
  return timePassed(backedOff({ ...state, gone }, sinceExpired, now, random), now);
}

/** A service rejected the credentials with this id. Any but the cached ones are ignored. */
export function keyRejected<C extends Credentials>(
  state: CacheState<C>,
  accessKeyId: string,
  duringRefresh: boolean,
  now: Instant,
): CacheState<C> {
  if (state.kind === "empty" || state.credentials.accessKeyId !== accessKeyId) return state;
  if (isRejected(state)) return state;
  const rejections = [...state.rejections, { accessKeyId, duringRefresh }].slice(-MAX_REJECTIONS);
  const { backoff } = state;
  if (!backoff || msUntil(backoff.until, now) <= MAX_BACKOFF_WHEN_REJECTED_MS)
    return { ...state, rejections };
  const until = deadlineIn(MAX_BACKOFF_WHEN_REJECTED_MS, now);
  return { ...state, rejections, backoff: { ...backoff, until } };
}

// ---- Questions ----

export function stageOf(state: CacheState, now: Instant): Stage {
  if (state.kind === "empty") return "initial";
  const left = state.credentials.expiresAt - now.wall;
  if (left <= 0) return "expired";
  if (isRejected(state)) return "rejected";
  if (left <= mandatoryWindow(state.windowMs)) return "mandatory";
  return now.wall >= state.refreshAt ? "advisory" : "fresh";
}

/** Whether a service rejected the cached credentials. */
export const isRejected = (state: Cached<Credentials>): boolean =>
  rejectionOf(state, state.credentials.accessKeyId) !== undefined;

/** The refresh that is due now, if none is in flight. Nothing is due while nothing is cached: a call loads then. */
export function dueRefresh(state: CacheState, now: Instant): RefreshKind | undefined {
  if (state.kind === "empty" || msUntilBackoffEnds(state, now) > 0) return undefined;
  const stage = stageOf(state, now);
  if (stage === "advisory") return "advisory";
  if (stage !== "fresh") return "mandatory";
  return state.maxAgeAt && isPast(state.maxAgeAt, now) ? "maxAge" : undefined;
}

/** Milliseconds until a refresh is due; `Infinity` for credentials that need none. */
export function msUntilDue(state: Cached<Credentials>, now: Instant): number {
  const maxAge = state.maxAgeAt ? msUntil(state.maxAgeAt, now) : Number.POSITIVE_INFINITY;
  const due = stageOf(state, now) === "fresh" ? Math.min(state.refreshAt - now.wall, maxAge) : 0;
  return Math.max(due, msUntilBackoffEnds(state, now));
}

/** The moment of the next refresh by the wall clock, as far as it can be foreseen. */
export const dueAt = (state: Cached<Credentials>, now: Instant): number =>
  // Rounded up: between two ticks of the wall clock the monotonic one is ahead of it.
  Math.ceil(now.wall + msUntilDue(state, now));

/** Until when, by the wall clock, calls get the cached credentials and nothing else has to happen. */
export const unchangedUntil = (state: Cached<Credentials>, now: Instant): number =>
  Math.min(dueAt(state, now), state.credentials.expiresAt);

/** What a call gets. The state must be one that {@link timePassed} returned for this instant. */
export function decideCall(
  state: CacheState,
  inFlight: RefreshInFlight | undefined,
  settings: RefreshSettings,
  now: Instant,
): CallDecision {
  if (state.kind === "empty") {
    const { failFast } = state;
    if (!inFlight && failFast && !isPast(failFast.until, now))
      return { serve: "error", error: failFast.error, start: undefined };
    const start = inFlight ? undefined : "initial";
    return { serve: "refreshed", start, waitMs: Number.POSITIVE_INFINITY };
  }
  const start = inFlight ? undefined : dueRefresh(state, now);
  const refresh = inFlight ?? (start && { startedAt: now.monotonic });
  const waitMs = refresh ? longestWait(state, refresh, settings, now) : 0;
  return waitMs > 0 ? { serve: "refreshed", start, waitMs } : { serve: "cached", start };
}

// ---- Parts ----

/** Callers wait in the mandatory state only, not long, and no longer once a refresh there was unproductive. */
function longestWait(
  state: Cached<Credentials>,
  { startedAt }: RefreshInFlight,
  settings: RefreshSettings,
  now: Instant,
): number {
  const stage = stageOf(state, now);
  if (!isMandatory(stage) || (state.serveStaleUntil && !isPast(state.serveStaleUntil, now))) return 0;
  const elapsed = now.monotonic - startedAt;
  if (stage !== "mandatory") return MAX_WAIT_MS - elapsed;
  return Math.min(settings.attemptMs - elapsed, (state.credentials.expiresAt - now.wall) / 2);
}

const isMandatory = (stage: Stage): boolean =>
  stage === "mandatory" || stage === "rejected" || stage === "expired";

const rejectionOf = (state: CacheState, accessKeyId: string): Rejection | undefined =>
  state.rejections.find((rejection) => rejection.accessKeyId === accessKeyId);

/** A refresh that may have been in flight at the rejection is over. */
const settled = (rejection: Rejection): Rejection =>
  rejection.duringRefresh ? { ...rejection, duringRefresh: false } : rejection;

const NO_BACKOFF = { backoff: undefined, serveStaleUntil: undefined } as const;
const NOTHING_PENDING = { kind: "cached", ...NO_BACKOFF, gone: undefined, maxAgeAt: undefined } as const;

function windowOf(credentials: Credentials, settings: RefreshSettings, now: Instant, random: Random) {
  const windowMs = advisoryWindow(credentials.expiresAt - now.wall, settings.advisoryWindowMs);
  return { windowMs, refreshAt: credentials.expiresAt - jitteredWindow(windowMs, random) };
}

const maxAgeDeadline = ({ maxAgeMs }: RefreshSettings, now: Instant, random: Random): Deadline | undefined =>
  maxAgeMs === undefined ? undefined : deadlineIn(jitteredMaxAge(maxAgeMs, random), now);

interface Comparison {
  readonly outcome: ArrivalOutcome;
  /** They take the place of the cached ones. */
  readonly replaces: boolean;
  /** They are new and not yet in their refresh window. */
  readonly isProductive: boolean;
}

/** Compares credentials that arrived with those that are cached. */
function compare(state: CacheState, arrived: Credentials, refreshAt: number, now: Instant): Comparison {
  const cached = state.kind === "cached" ? state : undefined;
  const lastsLonger = !cached || arrived.expiresAt > cached.credentials.expiresAt;
  const isSame = cached !== undefined && areEqual(cached.credentials, arrived);
  if (arrived.expiresAt <= now.wall)
    return { outcome: "expired", replaces: !isSame && lastsLonger, isProductive: false };
  if (isSame) return { outcome: "unchanged", replaces: false, isProductive: false };
  if (rejectionOf(state, arrived.accessKeyId)) {
    // Never in the place of others that are valid. Its own expiration may have changed.
    const isSameKey = cached?.credentials.accessKeyId === arrived.accessKeyId;
    const replaces = !isUsable(cached, now) && (isSameKey || lastsLonger);
    return { outcome: "unchanged", replaces, isProductive: false };
  }
  if (now.wall < refreshAt) return { outcome: "new", replaces: true, isProductive: true };
  const replaces = lastsLonger || isRejected(cached);
  return { outcome: replaces ? "new" : "unchanged", replaces, isProductive: false };
}

/** Valid and not rejected. */
const isUsable = (cached: Cached<Credentials> | undefined, now: Instant): boolean =>
  cached !== undefined && cached.credentials.expiresAt > now.wall && !isRejected(cached);

const areEqual = (a: Credentials, b: Credentials): boolean =>
  a.accessKeyId === b.accessKeyId &&
  a.secretAccessKey === b.secretAccessKey &&
  a.sessionToken === b.sessionToken &&
  a.expiresAt === b.expiresAt;

/** The state after an unproductive refresh. */
function backedOff<C extends Credentials>(
  state: Cached<C>,
  sinceExpired: number,
  now: Instant,
  random: Random,
): Cached<C> {
  const stage = stageOf(state, now);
  const left = state.credentials.expiresAt - now.wall;
  const ms =
    stage === "expired"
      ? backoffWhenExpired(sinceExpired, random)
      : backoffWhileValid(left, stage === "rejected", random);
  return {
    ...state,
    backoff: { until: deadlineIn(ms, now), sinceExpired: stage === "expired" ? sinceExpired + 1 : 0 },
    serveStaleUntil: isMandatory(stage) ? deadlineIn(SERVE_STALE_MS, now) : undefined,
  };
}

function msUntilBackoffEnds({ backoff }: Cached<Credentials>, now: Instant): number {
  return backoff ? msUntil(backoff.until, now) : 0;
}
