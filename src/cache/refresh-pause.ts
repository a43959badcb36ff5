import type { Deadline } from "../runtime/clock.js";
import { deadlineIn, isPast, msUntil, random } from "../runtime/clock.js";
import type { CacheState, HeldSet } from "./refresh-policy.js";
import {
  isMandatory,
  LONGEST_PAUSE_WHEN_INVALIDATED_MS,
  LONGEST_SERVED_UNSEEN_MS,
  pauseAfter,
  stateOf,
} from "./refresh-policy.js";

/** What a look in vain leaves behind: a while in which nobody looks again, and callers who need not wait any more. */
export class RefreshPause {
  #until: Deadline | undefined;
  #sinceExpired = 0;
  /** In the mandatory state: whether callers wait for a look, or one was tried in vain and nobody waits any more. */
  #callers: "wait" | "are served" = "wait";
  /** Once the set has expired and nobody has looked by then, they wait again. */
  #servedUntil: Deadline = deadlineIn(0);

  /** Whether the last look was in vain, however long ago. */
  get hasBegun(): boolean {
    return this.#until !== undefined;
  }

  get lasts(): boolean {
    return this.msLeft > 0;
  }

  get msLeft(): number {
    return this.#until ? msUntil(this.#until) : 0;
  }

  /** A look for a set to replace this one was in vain. */
  begin(held: HeldSet, now: number): void {
    const state = stateOf(held, now);
    if (state !== "expired") this.#sinceExpired = 0;
    this.#until = deadlineIn(pauseAfter(held, now, this.#sinceExpired, random));
    if (state === "expired") this.#sinceExpired++;
    this.#callers = isMandatory(state) ? "are served" : "wait";
    this.#servedUntil = deadlineIn(LONGEST_SERVED_UNSEEN_MS);
  }

  /** A look brought what was looked for, or there is nothing left to replace. */
  end(): void {
    this.#until = undefined;
    this.#sinceExpired = 0;
    this.#callers = "wait";
  }

  /** The set was rejected meanwhile: whether that makes an end of it sooner. */
  shorten(): boolean {
    if (this.msLeft <= LONGEST_PAUSE_WHEN_INVALIDATED_MS) return false;
    this.#until = deadlineIn(LONGEST_PAUSE_WHEN_INVALIDATED_MS);
    return true;
  }

  /** The set is in this state now. That a look was in vain counts only in the state that it was tried in, and not for ever. */
  enter(state: CacheState): void {
    if (!isMandatory(state) || (state === "expired" && isPast(this.#servedUntil))) this.#callers = "wait";
  }

  /** Whether a caller in this state waits for a look that is under way. */
  callersWait(state: CacheState): boolean {
    return isMandatory(state) && this.#callers === "wait";
  }
}
