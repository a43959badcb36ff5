import type { CacheState, Credentials } from "../../../src/cache/cache-state.js";
import type { Rules } from "./snapshot.js";
import { HOUR, RULES } from "./snapshot.js";

/** For each promise, a mistake in the rules that breaks it. */
export const PLANTED: Readonly<Record<string, Partial<Rules>>> = {
  "at most one refresh is in flight": {
    decideCall: (state, _inFlight, settings, now) => RULES.decideCall(state, undefined, settings, now),
  },
  "expired credentials are not returned while newer ones had been readable for more than 75 s": {
    decideCall: (state, inFlight, settings, now) => {
      const decision = RULES.decideCall(state, inFlight, settings, now);
      return decision.serve === "refreshed" && state.kind === "cached"
        ? { serve: "cached", start: undefined }
        : decision;
    },
  },
  "a rejected key is not returned once another valid key has arrived": {
    credentialsArrived: (state, credentials, settings, now, random) => {
      const forgetful = { ...state, rejections: [] };
      return RULES.credentialsArrived(forgetful, credentials, settings, now, random);
    },
  },
  "the expiration is the true one": {
    credentialsArrived: (state, credentials, settings, now, random) => {
      const longer = { ...credentials, expiresAt: credentials.expiresAt + HOUR };
      return RULES.credentialsArrived(state, longer, settings, now, random);
    },
  },
  "no call waits while credentials are fresh or in the advisory state": {
    decideCall: (state, inFlight, settings, now) => {
      const decision = RULES.decideCall(state, inFlight, settings, now);
      return decision.start === "advisory" ? { ...decision, serve: "refreshed", waitMs: 1 } : decision;
    },
  },
  "no wait is longer than its bound": {
    decideCall: (state, inFlight, settings, now) => {
      const decision = RULES.decideCall(state, inFlight, settings, now);
      return decision.serve === "refreshed" ? { ...decision, waitMs: decision.waitMs * 11 } : decision;
    },
  },
  "a refresh is always due at a known moment": {
    msUntilDue: (state, now) => (state.backoff ? Number.POSITIVE_INFINITY : RULES.msUntilDue(state, now)),
  },
  "an error is raised only with no valid credentials cached": {
    refreshFailed: <C extends Credentials>(
      ...args: Parameters<typeof RULES.refreshFailed<C>>
    ): CacheState<C> => {
      const [state, failure] = args;
      return failure.isGone ? RULES.EMPTY : RULES.refreshFailed(state, failure, args[2], args[3]);
    },
  },
};
