/**
 * Section 4 of the design, told a second time: what a provider may do, must do and must not do, given what IMDS
 * would answer. It imports nothing from `src`. All random numbers are one and the same, which it is told.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MAX_AGE_MS: number = 60 * MINUTE;

export interface Time {
  readonly wall: number;
  readonly monotonic: number;
}

/** What IMDS would answer. */
export type Answer =
  | { readonly key: string; readonly expiresAt: number }
  | "IMDS_FORBIDDEN"
  | "NO_ROLE_ATTACHED"
  | "ROLE_NOT_ASSUMABLE";

type State = "initial" | "fresh" | "advisory" | "mandatory" | "invalidated" | "expired";
export type Kind = "initial" | "advisory" | "age" | "mandatory" | "forced";
export type Outcome = "new" | "unchanged" | "expired" | "failed";
/** What may happen; "either" where the design leaves it open, or where a millisecond decides. */
type Verdict = "yes" | "no" | "either";

interface Held {
  key: string;
  expiresAt: number;
  windowMs: number;
  invalidated: boolean;
}

interface Span {
  readonly earliest: Time;
  readonly latest: Time;
}

const later = ({ wall, monotonic }: Time, ms: number): Time => ({
  wall: wall + ms,
  monotonic: monotonic + ms,
});
const come = (moment: Time, now: Time): boolean =>
  now.wall >= moment.wall || now.monotonic >= moment.monotonic;
/** A moment may be off by what floating numbers and timers round. */
const about = (moment: Time): Span => ({ earliest: later(moment, -2), latest: later(moment, 2) });
const isOver = ({ earliest, latest }: Span, now: Time): Verdict => {
  if (come(latest, now)) return "yes";
  return come(earliest, now) ? "either" : "no";
};

export class CacheModel {
  held: Held | undefined;
  readonly #random: number;
  #lastCode: Answer | undefined;
  #pause: Span | undefined;
  #expiredPauses = 0;
  /** Whether a look in vain has ended the waiting, and until when that counts for an expired set. */
  #servedUntil: Span | undefined;
  #hold: Span | undefined;
  #ageDue: Time = { wall: Number.POSITIVE_INFINITY, monotonic: Number.POSITIVE_INFINITY };

  constructor(random: number) {
    this.#random = random;
  }

  state(now: Time): State {
    const held = this.held;
    if (held === undefined) return "initial";
    const left = held.expiresAt - now.wall;
    if (left <= 0) return "expired";
    if (held.invalidated) return "invalidated";
    if (left <= Math.min(MINUTE, held.windowMs / 5)) return "mandatory";
    return left <= held.windowMs ? "advisory" : "fresh";
  }

  /**
   * A set that expires while the role is gone is dropped, and the failure held while it is news: from when is open. Once
   * its pause is over, a look is due.
   */
  settle(now: Time): void {
    const { held } = this;
    if (held === undefined || now.wall < held.expiresAt || !isGone(this.#lastCode)) return;
    const hold = this.#holdMs();
    const isOld = this.#pause ? isOver(this.#pause, now) : "yes";
    const fromExpiry = later(now, hold - (now.wall - held.expiresAt) - 2);
    this.#hold =
      isOld === "yes"
        ? undefined
        : { earliest: isOld === "no" ? fromExpiry : now, latest: later(now, hold + 2) };
    this.held = undefined;
    this.#resume();
  }

  /** Which look is due, and whether it may be started now. */
  due(now: Time): { kind: Kind; now: Verdict } {
    const state = this.state(now);
    if (state === "initial") return { kind: "initial", now: this.#hold ? isOver(this.#hold, now) : "yes" };
    const pause = this.#pause ? isOver(this.#pause, now) : "yes";
    if (state === "advisory") return { kind: "advisory", now: pause };
    if (state !== "fresh") return { kind: "mandatory", now: pause };
    return { kind: "age", now: come(this.#ageDue, now) ? pause : "no" };
  }

  /** Whether a call waits for a look: an expired set is worth waiting again once nobody has looked for long. */
  waits(now: Time): Verdict {
    const state = this.state(now);
    if (state === "initial") return "yes";
    if (state === "fresh" || state === "advisory") return "no";
    if (this.#servedUntil === undefined) return "yes";
    return state === "expired" ? isOver(this.#servedUntil, now) : "no";
  }

  /** Somebody is served while nobody would have to wait: that a look was in vain in another state is over with that. */
  served(now: Time): void {
    const state = this.state(now);
    if (state === "fresh" || state === "advisory") this.#servedUntil = undefined;
  }

  get errorAtHand(): string {
    return String(this.#lastCode);
  }

  invalidate(key: string, now: Time): void {
    if (this.held?.key !== key) return;
    this.served(now);
    this.held.invalidated = true;
    const isLonger = this.#pause !== undefined && !come(later(this.#pause.earliest, -MINUTE), now);
    if (isLonger) this.#pause = about(later(now, MINUTE));
  }

  /** A look has ended with this answer. */
  look(answer: Answer, now: Time): Outcome {
    this.settle(now);
    this.#lastCode = answer;
    if (typeof answer === "string") {
      this.settle(now);
      if (this.held) this.#pauseFrom(now);
      else this.#hold = about(later(now, this.#holdMs()));
      return "failed";
    }
    this.#hold = undefined;
    this.#ageDue = later(now, MAX_AGE_MS);
    const outcome = this.#arrive(answer, now);
    if (this.state(now) === "fresh") this.#resume();
    else this.#pauseOrSettle(outcome, answer, now);
    return outcome;
  }

  #arrive({ key, expiresAt }: { key: string; expiresAt: number }, now: Time): Outcome {
    const left = expiresAt - now.wall;
    const { held } = this;
    const fresh = { key, expiresAt, windowMs: windowOf(left), invalidated: false };
    const isSame = held?.key === key;
    if (held === undefined || (!isSame && (expiresAt > held.expiresAt || left > fresh.windowMs))) {
      this.held = fresh;
      return left <= 0 ? "expired" : "new";
    }
    if (left <= 0) return "expired";
    // A set that was rejected is worth less than any other that is valid.
    if (isSame || !held.invalidated) return "unchanged";
    this.held = fresh;
    return "new";
  }

  #pauseOrSettle(outcome: Outcome, answer: { expiresAt: number }, now: Time): void {
    const left = answer.expiresAt - now.wall;
    if (outcome === "new" && left > windowOf(left)) this.#resume();
    else this.#pauseFrom(now);
  }

  #pauseFrom(now: Time): void {
    const { held } = this;
    if (held === undefined) return;
    const r = this.#random;
    const left = held.expiresAt - now.wall;
    if (left > 0) {
      const share = Math.max(left * (0.15 + 0.15 * r), 2 * SECOND + 3 * SECOND * r);
      this.#pause = about(later(now, Math.min(share, held.invalidated ? MINUTE : 5 * MINUTE)));
      this.#expiredPauses = 0;
    } else {
      const longest = 30 * SECOND * (1 + r);
      const doubled = SECOND * 2 ** this.#expiredPauses++;
      // "About a second": half of it to half as much again.
      const earliest = later(now, Math.min(0.5 * doubled, longest) - 2);
      this.#pause = { earliest, latest: later(now, Math.min(1.5 * doubled, longest) + 2) };
    }
    const state = this.state(now);
    const inVain = state !== "fresh" && state !== "advisory";
    this.#servedUntil = inVain ? about(later(now, 75 * SECOND)) : undefined;
  }

  #resume(): void {
    this.#pause = undefined;
    this.#expiredPauses = 0;
    this.#servedUntil = undefined;
  }

  #holdMs(): number {
    return SECOND + 4 * SECOND * this.#random;
  }
}

const isGone = (answer: Answer | undefined): boolean =>
  answer === "NO_ROLE_ATTACHED" || answer === "ROLE_NOT_ASSUMABLE";

function windowOf(lifetimeMs: number): number {
  if (lifetimeMs <= 20 * MINUTE) return 5 * MINUTE;
  return lifetimeMs < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
}
