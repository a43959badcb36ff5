/**
 * Section 4 of the design, written a second time: what a cache may do, must do and must not do. It imports nothing from
 * `src`. All random numbers are one and the same, which it is given.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export interface Time {
  readonly wall: number;
  readonly monotonic: number;
}

/** What the source responds with. */
export type Answer =
  | { readonly key: string; readonly expiresAt: number }
  | { readonly error: "recoverable" | "non-recoverable" | "gone" };

export type Stage = "initial" | "fresh" | "advisory" | "mandatory" | "rejected" | "expired";
type Kind = "initial" | "advisory" | "maxAge" | "mandatory";
type Outcome = "new" | "unchanged" | "expired" | "failed";

interface Entry {
  key: string;
  expiresAt: number;
  window: number;
  /** The window with its jitter. */
  refreshFrom: number;
}

const after = ({ wall, monotonic }: Time, ms: number): Time => ({
  wall: wall + ms,
  monotonic: monotonic + ms,
});
const isOver = (end: Time | undefined, now: Time): boolean =>
  end === undefined || now.wall >= end.wall || now.monotonic >= end.monotonic;

export class CacheModel {
  entry: Entry | undefined;
  readonly #random: number;
  readonly #rejected = new Set<string>();
  #backoff: Time | undefined;
  #backoffsSinceExpired = 0;
  #maxAge: Time | undefined;
  #noWaitUntil: Time | undefined;
  #gone: string | undefined;
  #failFast: { error: string; until: Time } | undefined;

  constructor(random: number) {
    this.#random = random;
  }

  stage(now: Time): Stage {
    const { entry } = this;
    if (!entry) return "initial";
    const left = entry.expiresAt - now.wall;
    if (left <= 0) return "expired";
    if (this.#rejected.has(entry.key)) return "rejected";
    if (left <= Math.min(MINUTE, entry.window / 5)) return "mandatory";
    return now.wall >= entry.refreshFrom ? "advisory" : "fresh";
  }

  /** Credentials that will not be renewed are dropped when they expire. */
  timePassed(now: Time): void {
    if (!this.entry || !this.#gone || now.wall < this.entry.expiresAt) return;
    this.#failFast =
      this.#backoff && !isOver(this.#backoff, now) ? { error: this.#gone, until: this.#backoff } : undefined;
    this.entry = undefined;
    this.#gone = undefined;
    this.#backoff = undefined;
    this.#backoffsSinceExpired = 0;
    this.#noWaitUntil = undefined;
  }

  /** The refresh that a call starts now; undefined if it starts none. */
  due(now: Time): Kind | undefined {
    const stage = this.stage(now);
    if (stage === "initial") return this.raised(now) === undefined ? "initial" : undefined;
    if (!isOver(this.#backoff, now)) return undefined;
    if (stage === "advisory") return "advisory";
    if (stage !== "fresh") return "mandatory";
    return isOver(this.#maxAge, now) ? "maxAge" : undefined;
  }

  /** The error that a call gets without a request. */
  raised(now: Time): string | undefined {
    return this.#failFast && !isOver(this.#failFast.until, now) ? this.#failFast.error : undefined;
  }

  /** How long a call waits for a refresh that starts now, at most. */
  wait(now: Time): number {
    const stage = this.stage(now);
    if (stage === "initial") return Number.POSITIVE_INFINITY;
    if (stage === "fresh" || stage === "advisory") return 0;
    if (this.#noWaitUntil && !isOver(this.#noWaitUntil, now)) return 0;
    if (stage !== "mandatory") return 10 * SECOND;
    return Math.min(SECOND, ((this.entry?.expiresAt ?? 0) - now.wall) / 2);
  }

  reject(key: string, now: Time): void {
    if (this.entry?.key !== key) return;
    const isNews = !this.#rejected.has(key);
    this.#rejected.add(key);
    if (!isNews || isOver(this.#backoff, now)) return;
    const shortened = after(now, MINUTE);
    const { wall = 0, monotonic = 0 } = this.#backoff ?? {};
    if (Math.min(wall - now.wall, monotonic - now.monotonic) > MINUTE) this.#backoff = shortened;
  }

  /** A refresh has ended with this answer. */
  refreshed(answer: Answer, now: Time): Outcome {
    if ("error" in answer) {
      this.#failed(answer.error, now);
      return "failed";
    }
    this.#failFast = undefined;
    this.#gone = undefined;
    const isFirst = this.entry === undefined;
    const { outcome, isProductive } = this.#arrived(answer, now);
    if (outcome !== "expired" || isFirst)
      this.#maxAge = after(now, Math.round(HOUR * (1 - 0.05 * this.#random)));
    if (isProductive || (outcome !== "expired" && this.stage(now) === "fresh")) {
      this.#backoff = undefined;
      this.#backoffsSinceExpired = 0;
      this.#noWaitUntil = undefined;
    } else this.#backOff(now);
    return outcome;
  }

  #failed(error: string, now: Time): void {
    if (!this.entry) {
      const until = after(now, SECOND + 4 * SECOND * this.#random);
      this.#failFast = error === "recoverable" ? undefined : { error, until };
      return;
    }
    this.#gone = error === "gone" ? error : undefined;
    this.#backOff(now);
    this.timePassed(now);
  }

  #arrived({ key, expiresAt }: { key: string; expiresAt: number }, now: Time) {
    const { entry } = this;
    const left = expiresAt - now.wall;
    const window = left <= 20 * MINUTE ? 5 * MINUTE : left < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;
    const refreshFrom = expiresAt - Math.round(window * (1 + 0.05 * this.#random));
    const replace = () => {
      this.entry = { key, expiresAt, window, refreshFrom };
      this.#noWaitUntil = undefined;
    };
    const lastsLonger = !entry || expiresAt > entry.expiresAt;
    const isSame = entry?.key === key && entry.expiresAt === expiresAt;
    if (left <= 0) {
      if (!isSame && lastsLonger) replace();
      return { outcome: "expired" as const, isProductive: false };
    }
    if (isSame) return { outcome: "unchanged" as const, isProductive: false };
    if (this.#rejected.has(key)) {
      const isGood = entry && entry.expiresAt > now.wall && !this.#rejected.has(entry.key);
      if (!isGood && (entry?.key === key || lastsLonger)) replace();
      return { outcome: "unchanged" as const, isProductive: false };
    }
    const isProductive = now.wall < refreshFrom;
    const takes = isProductive || lastsLonger || this.#rejected.has(entry?.key ?? "");
    if (takes) replace();
    return { outcome: takes ? ("new" as const) : ("unchanged" as const), isProductive };
  }

  #backOff(now: Time): void {
    const r = this.#random;
    const stage = this.stage(now);
    const left = (this.entry?.expiresAt ?? 0) - now.wall;
    let ms: number;
    if (stage === "expired") {
      ms = Math.min(SECOND * 2 ** this.#backoffsSinceExpired * (0.8 + 0.4 * r), 30 * SECOND * (1 + r));
      this.#backoffsSinceExpired++;
    } else {
      ms = Math.max(left * (0.15 + 0.15 * r), 2 * SECOND + 3 * SECOND * r);
      ms = Math.min(ms, stage === "rejected" ? MINUTE : 5 * MINUTE);
      this.#backoffsSinceExpired = 0;
    }
    this.#backoff = after(now, ms);
    const isMandatory = stage !== "fresh" && stage !== "advisory";
    this.#noWaitUntil = isMandatory ? after(now, 75 * SECOND) : undefined;
  }
}
