import type { CacheState, Credentials, RefreshSettings } from "../../../src/cache/cache-state.js";
import { credentialsArrived, EMPTY, msUntilDue, refreshFailed } from "../../../src/cache/cache-state.js";
import type { Instant } from "../../../src/runtime/clock.js";
import type { Client, NextRefresh, Policy, Refresh } from "./policies.js";
import { HOUR, SECOND } from "./time.js";

const SETTINGS: RefreshSettings = { advisoryWindowMs: undefined, maxAgeMs: HOUR, attemptMs: SECOND };

const FAILURE = { error: new Error("no response"), isNonRecoverable: false, isGone: false };

/** Both clocks of a simulated machine agree. */
const instant = (at: number): Instant => ({ wall: at, monotonic: at });

/** One process that uses this library: the state of its cache, and the library's own transitions. */
class ThisLibrary implements Client {
  readonly #random: () => number;
  #state: CacheState = EMPTY;

  constructor(random: () => number) {
    this.#random = random;
  }

  get expiresAt(): number {
    return this.#state.kind === "empty" ? 0 : this.#state.credentials.expiresAt;
  }

  next({ at, served }: Refresh): NextRefresh {
    const now = instant(at);
    this.#state = served
      ? credentialsArrived(this.#state, asCredentials(served), SETTINGS, now, this.#random).state
      : refreshFailed(this.#state, FAILURE, now, this.#random);
    // Without credentials, each call loads.
    const due = this.#state.kind === "empty" ? at + SECOND : at + msUntilDue(this.#state, now);
    return { onCallFrom: due, byTimer: due };
  }
}

const asCredentials = ({ id, expiresAt }: NonNullable<Refresh["served"]>): Credentials => ({
  accessKeyId: `key ${id}`,
  secretAccessKey: "-",
  sessionToken: "-",
  expiresAt,
});

export const THIS_LIBRARY: Policy = {
  name: "this library",
  // Token and role name are kept; a request that fails is sent four times.
  requests: { first: 3, later: 1, failed: 4 },
  create: (random) => new ThisLibrary(random),
};
