import type { HeldSet } from "../../../src/cache/refresh-policy.js";
import { advisoryWindow, pauseAfter, stateOf, timerDelay, weigh } from "../../../src/cache/refresh-policy.js";
import type { Client, Look, NextLook, Policy } from "./policies.js";
import { HOUR } from "./time.js";

const MAX_AGE = HOUR;

/** When a look is due: as it is, or up to 5 % of the window, or of the age, earlier. */
type Due = "as it is" | "at random";

const EARLIER = 0.05;

interface Held extends HeldSet {
  readonly id: number;
}

/** One process that uses this library: what `CredentialsCache` does with the same policy functions. */
class ThisLibrary implements Client {
  readonly #random: () => number;
  readonly #due: Due;
  #held: Held | undefined;
  #ageDue = 0;
  #expiredPauses = 0;

  constructor(random: () => number, due: Due) {
    this.#random = random;
    this.#due = due;
  }

  get expiresAt(): number {
    return this.#held?.expiresAt ?? 0;
  }

  next({ at, set }: Look): NextLook {
    if (set === undefined) return this.#held ? this.#afterPause(this.#held, at) : bothAt(at + 1000);
    const windowMs = advisoryWindow(set.expiresAt - at, undefined) * (1 + this.#earlier());
    const likeness = this.#held?.id === set.id ? "same" : "another";
    const arrival = weigh({ ...set, windowMs, likeness }, this.#held, at);
    if (arrival.take || this.#held === undefined) this.#held = { ...set, windowMs, standing: "good" };
    this.#ageDue = at + MAX_AGE * (1 - this.#earlier());
    const held = this.#held;
    if (!arrival.settles && stateOf(held, at) !== "fresh") return this.#afterPause(held, at);
    this.#expiredPauses = 0;
    const due = Math.min(held.expiresAt - held.windowMs, this.#ageDue);
    return { onCallFrom: due, byTimer: due + timerDelay(Math.min(held.windowMs, MAX_AGE), this.#random) };
  }

  #earlier(): number {
    return this.#due === "as it is" ? 0 : this.#random() * EARLIER;
  }

  #afterPause(held: Held, now: number): NextLook {
    const isExpired = stateOf(held, now) === "expired";
    if (!isExpired) this.#expiredPauses = 0;
    const pause = pauseAfter(held, now, this.#expiredPauses, this.#random);
    if (isExpired) this.#expiredPauses++;
    return bothAt(now + pause);
  }
}

const bothAt = (at: number): NextLook => ({ onCallFrom: at, byTimer: at });

// Token and role name are kept; a request that fails is sent four times.
const requests = { first: 3, later: 1, failed: 4 };

export const THIS_LIBRARY: Policy = {
  name: "this library",
  requests,
  create: (random) => new ThisLibrary(random, "as it is"),
};

/** What if the moment itself were drawn at random, so that calls would not start looks in step either? */
export const WHAT_IF: Policy = {
  name: "what if: due at random",
  requests,
  create: (random) => new ThisLibrary(random, "at random"),
};
