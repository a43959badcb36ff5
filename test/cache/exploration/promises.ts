import { mandatoryWindow } from "../../../src/cache/refresh-policy.js";
import { isPast } from "../../../src/runtime/clock.js";
import type { Event, Rules, Snapshot } from "./snapshot.js";
import { SECOND, SETTINGS } from "./snapshot.js";

/** Section 4 of the design as questions about one event. Each returns whether the promise is broken. */
export const PROMISES: Readonly<Record<string, (before: Snapshot, event: Event, use: Rules) => boolean>> = {
  "at most one refresh is in flight": (before, { started }) =>
    before.inFlight !== undefined && started !== undefined,

  "expired credentials are not returned while newer ones had been readable for more than 75 s": (
    before,
    { decision, next },
  ) => {
    if (decision?.serve !== "cached" || !isCached(next) || next.inFlight) return false;
    if (next.state.credentials.expiresAt > next.now.wall) return false;
    // A refresh within the last 75 s would have read them.
    const { lastEnd } = before;
    return (
      !lastEnd || isPast({ wall: lastEnd.wall + 75_001, monotonic: lastEnd.monotonic + 75_001 }, next.now)
    );
  },

  "a rejected key is not returned once another valid key has arrived": (_, { decision, next }) =>
    decision?.serve === "cached" &&
    isCached(next) &&
    next.rejected.includes(next.state.credentials.accessKeyId) &&
    next.acceptable !== undefined &&
    next.acceptable > next.now.wall,

  "the expiration is the true one": (_, { next }) =>
    isCached(next) &&
    next.truth[next.state.credentials.accessKeyId] !== next.state.credentials.expiresAt &&
    // Valid credentials are kept when the same rejected key comes with another expiration.
    !next.rejected.includes(next.state.credentials.accessKeyId),

  "no call waits while credentials are fresh or in the advisory state": (_, { decision, next }) =>
    decision?.serve === "refreshed" &&
    isCached(next) &&
    !next.rejected.includes(next.state.credentials.accessKeyId) &&
    timeLeft(next) > mandatoryWindow(next.state.windowMs),

  "no wait is longer than its bound": (_, { decision, next }) => {
    if (decision?.serve !== "refreshed" || !isCached(next)) return false;
    const isDoubtful = timeLeft(next) <= 0 || next.rejected.includes(next.state.credentials.accessKeyId);
    const bound = isDoubtful ? 10 * SECOND : Math.min(SETTINGS.attemptMs, timeLeft(next) / 2);
    return !(decision.waitMs > 0 && decision.waitMs <= bound);
  },

  "a refresh is always due at a known moment": (_, { next }, use) => {
    if (!isCached(next) || next.inFlight) return false;
    const ms = use.msUntilDue(next.state, next.now);
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return true;
    const later = { wall: next.now.wall + ms, monotonic: next.now.monotonic + ms };
    const state = use.timePassed(next.state, later);
    return state.kind === "cached" && use.dueRefresh(state, later) === undefined;
  },

  "an error is raised only with no valid credentials cached": (before, { decision, next }) =>
    (decision?.serve === "error" || next.state.kind === "empty") &&
    isCached(before) &&
    timeLeft(before, next) > 0,
};

type CachedSnapshot = Snapshot & { readonly state: Extract<Snapshot["state"], { kind: "cached" }> };

const isCached = (snapshot: Snapshot): snapshot is CachedSnapshot => snapshot.state.kind === "cached";

const timeLeft = (snapshot: CachedSnapshot, at: Snapshot = snapshot): number =>
  snapshot.state.credentials.expiresAt - at.now.wall;
