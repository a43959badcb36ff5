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
export interface World {
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

export const START: World = {
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
  readonly next: World;
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
export function* events(world: World, use: Rules): Iterable<Event> {
  yield* calls(world, use);
  yield* rejections(world, use);
  if (world.inFlight) yield* answers(world, use);
  yield* passing(world, use);
}

const started = (world: World): RefreshInFlight => ({ startedAt: world.now.monotonic });

function* calls(before: World, use: Rules): Iterable<Event> {
  const world = { ...before, state: use.timePassed(before.state, before.now) };
  const decision = use.decideCall(world.state, world.inFlight, SETTINGS, world.now);
  const { start } = decision;
  const next = start === undefined ? world : { ...world, inFlight: started(world) };
  yield { name: "call", next, decision, ...(start && { started: start }) };
  if (world.inFlight) return;
  yield { name: "forced call", next: { ...world, inFlight: started(world) } };
  const due = use.dueRefresh(world.state, world.now);
  if (due) yield { name: "timer", next: { ...world, inFlight: started(world) }, started: due };
}

function* rejections(world: World, use: Rules): Iterable<Event> {
  if (world.state.kind === "empty") return;
  const { accessKeyId } = world.state.credentials;
  const reject = (id: string) => use.keyRejected(world.state, id, world.inFlight !== undefined, world.now);
  if (!world.rejected.includes(accessKeyId)) {
    const rejected = [...world.rejected, accessKeyId];
    yield {
      name: "rejection",
      next: { ...world, state: reject(accessKeyId), rejected, acceptable: undefined },
    };
  }
  yield { name: "rejection of an earlier key", next: { ...world, state: reject("earlier") } };
}

function* answers(world: World, use: Rules): Iterable<Event> {
  for (const random of ENDS) {
    for (const [name, credentials] of responses(world)) {
      const next = arrived(world, credentials, use, random);
      yield { name: `${name}, random ${random}`, next };
    }
    for (const [name, failure] of FAILURES) {
      const state = use.refreshFailed(world.state, failure, world.now, () => random);
      yield {
        name: `${name}, random ${random}`,
        next: { ...world, state, inFlight: undefined, lastEnd: world.now },
      };
    }
  }
}

function responses(world: World): readonly (readonly [string, Credentials])[] {
  const { wall } = world.now;
  const cached = world.state.kind === "cached" ? world.state.credentials : undefined;
  const [rejected] = world.rejected;
  const key = `K${world.keys}`;
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

function arrived(world: World, credentials: Credentials, use: Rules, random: number): World {
  const { accessKeyId, expiresAt } = credentials;
  const arrival: Arrival<Credentials> = use.credentialsArrived(
    world.state,
    credentials,
    SETTINGS,
    world.now,
    () => random,
  );
  const isAcceptable = expiresAt > world.now.wall && !world.rejected.includes(accessKeyId);
  return {
    ...world,
    state: arrival.state,
    // A response that does not count is followed by another refresh at once.
    inFlight: arrival.again ? started(world) : undefined,
    lastEnd: world.now,
    truth: { ...world.truth, [accessKeyId]: expiresAt },
    acceptable: isAcceptable ? expiresAt : world.acceptable,
    keys: world.keys + 1,
  };
}

function* passing(world: World, use: Rules): Iterable<Event> {
  for (const ms of boundaries(world)) {
    for (const each of [ms - 1, ms, ms + 1]) {
      if (each > 0) yield { name: `${each} ms pass`, next: passed(world, each, each, use) };
    }
  }
  for (const ms of [SECOND, 75 * SECOND, 3 * HOUR])
    yield { name: `${ms} ms pass`, next: passed(world, ms, ms, use) };
  yield { name: "the clock is set back an hour", next: passed(world, -HOUR, 0, use) };
  yield {
    name: "the clock is set forward an hour, or the machine sleeps",
    next: passed(world, HOUR, 0, use),
  };
}

const passed = (world: World, wall: number, monotonic: number, use: Rules): World => {
  const now = { wall: world.now.wall + wall, monotonic: world.now.monotonic + monotonic };
  return { ...world, now, state: use.timePassed(world.state, now) };
};

const left = (deadline: Deadline | undefined, now: Instant): number =>
  deadline ? Math.min(deadline.wall - now.wall, deadline.monotonic - now.monotonic) : 0;

/** Milliseconds to each moment at which the rules may change their mind. */
function boundaries({ state, inFlight, now }: World): Iterable<number> {
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
