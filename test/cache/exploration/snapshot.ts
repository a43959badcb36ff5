import type {
  Arrival,
  CacheState,
  CallDecision,
  Credentials,
  RefreshInFlight,
  RefreshKind,
  RefreshSettings,
} from "../../../src/cache/cache-state.js";
import * as rules from "../../../src/cache/cache-state.js";
import { mandatoryWindow } from "../../../src/cache/refresh-policy.js";
import type { Deadline, Instant } from "../../../src/runtime/clock.js";

export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const HOUR: number = 60 * MINUTE;

export const SETTINGS: RefreshSettings = { advisoryWindowMs: undefined, maxAgeMs: HOUR, attemptMs: SECOND };

/** The module under test, or a copy of it with a planted fault. */
export type Rules = typeof rules;
export const RULES: Rules = rules;

/** A cache, its one refresh in flight, and what has happened so far as far as the promises need it. */
export interface Snapshot {
  readonly now: Instant;
  readonly state: CacheState;
  readonly inFlight: RefreshInFlight | undefined;
  /** The end of the last refresh. */
  readonly lastEnd: Instant | undefined;
  /** The true expiration of the cached key, from the latest response that had it. */
  readonly truth: Readonly<Record<string, number>>;
  readonly rejected: readonly string[];
  /** Expiration of the latest valid key that was not rejected, and arrived after the last rejection. */
  readonly acceptable: number | undefined;
  readonly keys: number;
}

export const START: Snapshot = {
  now: { wall: 0, monotonic: 0 },
  state: rules.EMPTY,
  inFlight: undefined,
  lastEnd: undefined,
  truth: {},
  rejected: [],
  acceptable: undefined,
  keys: 0,
};

export interface Event {
  readonly name: string;
  readonly next: Snapshot;
  /** What a call was answered, for events that are one. */
  readonly decision?: CallDecision;
  /** The refresh that started, for events that may start one. */
  readonly started?: RefreshKind;
}

const ENDS = [0, 1 - 2 ** -53] as const;

const FAILURES = [
  ["failed, recoverable", { error: "recoverable", isNonRecoverable: false, isGone: false }],
  ["failed, non-recoverable", { error: "non-recoverable", isNonRecoverable: true, isGone: false }],
  ["failed, role gone", { error: "gone", isNonRecoverable: true, isGone: true }],
] as const;

/** Everything that can happen next. */
export function* events(snapshot: Snapshot, use: Rules): Iterable<Event> {
  yield* calls(snapshot, use);
  yield* rejections(snapshot, use);
  if (snapshot.inFlight) yield* answers(snapshot, use);
  yield* passing(snapshot, use);
}

const started = (snapshot: Snapshot): RefreshInFlight => ({ startedAt: snapshot.now.monotonic });

function* calls(before: Snapshot, use: Rules): Iterable<Event> {
  const snapshot = { ...before, state: use.timePassed(before.state, before.now) };
  const decision = use.decideCall(snapshot.state, snapshot.inFlight, SETTINGS, snapshot.now);
  const { start } = decision;
  const next = start === undefined ? snapshot : { ...snapshot, inFlight: started(snapshot) };
  yield { name: "call", next, decision, ...(start && { started: start }) };
  if (snapshot.inFlight) return;
  yield { name: "forced call", next: { ...snapshot, inFlight: started(snapshot) } };
  const due = use.dueRefresh(snapshot.state, snapshot.now);
  if (due) yield { name: "timer", next: { ...snapshot, inFlight: started(snapshot) }, started: due };
}

function* rejections(snapshot: Snapshot, use: Rules): Iterable<Event> {
  if (snapshot.state.kind === "empty") return;
  const { accessKeyId } = snapshot.state.credentials;
  const reject = (id: string) =>
    use.keyRejected(snapshot.state, id, snapshot.inFlight !== undefined, snapshot.now);
  if (!snapshot.rejected.includes(accessKeyId)) {
    const rejected = [...snapshot.rejected, accessKeyId];
    yield {
      name: "rejection",
      next: { ...snapshot, state: reject(accessKeyId), rejected, acceptable: undefined },
    };
  }
  yield { name: "rejection of an earlier key", next: { ...snapshot, state: reject("earlier") } };
}

function* answers(snapshot: Snapshot, use: Rules): Iterable<Event> {
  for (const random of ENDS) {
    for (const [name, credentials] of responses(snapshot)) {
      const next = arrived(snapshot, credentials, use, random);
      yield { name: `${name}, random ${random}`, next };
    }
    for (const [name, failure] of FAILURES) {
      const state = use.refreshFailed(snapshot.state, failure, snapshot.now, () => random);
      yield {
        name: `${name}, random ${random}`,
        next: { ...snapshot, state, inFlight: undefined, lastEnd: snapshot.now },
      };
    }
  }
}

function responses(snapshot: Snapshot): readonly (readonly [string, Credentials])[] {
  const { wall } = snapshot.now;
  const cached = snapshot.state.kind === "cached" ? snapshot.state.credentials : undefined;
  const [rejected] = snapshot.rejected;
  const key = `K${snapshot.keys}`;
  return [
    ["new", credentialsOf(key, wall + 6 * HOUR)],
    ["new but short-lived", credentialsOf(key, wall + 4 * MINUTE)],
    ["new but expired", credentialsOf(key, wall - SECOND)],
    ...(cached ? ([["the same", cached]] as const) : []),
    ...(rejected ? ([["a rejected key again", credentialsOf(rejected, wall + 6 * HOUR)]] as const) : []),
  ];
}

const credentialsOf = (accessKeyId: string, expiresAt: number): Credentials => ({
  accessKeyId,
  secretAccessKey: "-",
  sessionToken: "-",
  expiresAt,
});

function arrived(snapshot: Snapshot, credentials: Credentials, use: Rules, random: number): Snapshot {
  const { accessKeyId, expiresAt } = credentials;
  const arrival: Arrival<Credentials> = use.credentialsArrived(
    snapshot.state,
    credentials,
    SETTINGS,
    snapshot.now,
    () => random,
  );
  const isAcceptable = expiresAt > snapshot.now.wall && !snapshot.rejected.includes(accessKeyId);
  return {
    ...snapshot,
    state: arrival.state,
    // A response that does not count is followed by another refresh at once.
    inFlight: arrival.again ? started(snapshot) : undefined,
    lastEnd: snapshot.now,
    truth: { ...snapshot.truth, [accessKeyId]: expiresAt },
    acceptable: isAcceptable ? expiresAt : snapshot.acceptable,
    keys: snapshot.keys + 1,
  };
}

function* passing(snapshot: Snapshot, use: Rules): Iterable<Event> {
  for (const ms of boundaries(snapshot)) {
    for (const each of [ms - 1, ms, ms + 1]) {
      if (each > 0) yield { name: `${each} ms pass`, next: passed(snapshot, each, each, use) };
    }
  }
  for (const ms of [SECOND, 75 * SECOND, 3 * HOUR])
    yield { name: `${ms} ms pass`, next: passed(snapshot, ms, ms, use) };
  yield { name: "the clock is set back an hour", next: passed(snapshot, -HOUR, 0, use) };
  yield {
    name: "the clock is set forward an hour, or the machine sleeps",
    next: passed(snapshot, HOUR, 0, use),
  };
}

const passed = (snapshot: Snapshot, wall: number, monotonic: number, use: Rules): Snapshot => {
  const now = { wall: snapshot.now.wall + wall, monotonic: snapshot.now.monotonic + monotonic };
  return { ...snapshot, now, state: use.timePassed(snapshot.state, now) };
};

const left = (deadline: Deadline | undefined, now: Instant): number =>
  deadline ? Math.min(deadline.wall - now.wall, deadline.monotonic - now.monotonic) : 0;

/** Milliseconds to each moment at which the rules may change their mind. */
function boundaries({ state, inFlight, now }: Snapshot): Iterable<number> {
  const wait = inFlight ? inFlight.startedAt + 10 * SECOND - now.monotonic : 0;
  if (state.kind === "empty") return new Set([Math.ceil(left(state.failFast?.until, now)), wait]);
  const toExpiration = state.credentials.expiresAt - now.wall;
  return new Set(
    [
      toExpiration,
      toExpiration - mandatoryWindow(state.windowMs),
      state.refreshAt - now.wall,
      left(state.maxAgeAt, now),
      left(state.backoff?.until, now),
      left(state.serveStaleUntil, now),
      wait,
    ].map(Math.ceil),
  );
}
