import type { MockImds } from "../../src/testing/index.js";
import { HOUR, SECOND } from "./refresh-setup.js";
import { spread } from "./seeded-random.js";
import { setClockBack, suspend } from "./simulated-time.js";

interface TimedEvent {
  readonly at: number;
  readonly what: string;
  run(): void;
}

/**
 * An instance in trouble: metadata that is down, throttled or does not renew its credentials, roles that come and
 * go, a machine that sleeps and a clock that jumps. All of it is scheduled by monotonic time, from one random source.
 */
export class TroubledInstance {
  readonly #imds: MockImds;
  readonly #random: () => number;
  readonly #troubles = new Map<string, number>();
  #events: TimedEvent[] = [];
  #roles = 0;
  /** Time that passed in the environment, asleep or awake, less what passed on the monotonic clock. */
  #slept = 0;
  #readableSince = 0;

  constructor(imds: MockImds, random: () => number) {
    this.#imds = imds;
    this.#random = random;
  }

  /** How long, in real time, valid credentials could have been read. */
  get readableForMs(): number {
    return this.#troubles.size > 0 ? 0 : this.#worldTime() - this.#readableSince;
  }

  /** What is wrong now, for messages. */
  get troubles(): string {
    return [...this.#troubles.keys()].join(", ") || "none";
  }

  plan(days: number): void {
    const span = days * 24 * HOUR;
    const often = (times: number, plan: (at: number) => void) => {
      for (let count = 0; count < times; count++) plan(this.#random() * span);
    };
    const { disable, enable, throttle, rotate, attachRole, detachRole, denyAssumeRole } = this.#imds;
    const noThrottle = () => throttle({ perSecond: Number.POSITIVE_INFINITY, answer: 429 });
    often(days / 2, (at) => this.#trouble("metadata switched off", at, 6 * HOUR, disable, enable));
    for (const answer of [429, 503, "silence"] as const) {
      const start = () => throttle({ perSecond: 0, answer });
      often(days / 6, (at) => this.#trouble("throttled", at, 4 * HOUR, start, noThrottle));
      const slow = () => throttle({ perSecond: 1, answer });
      often(days / 6, (at) => this.#trouble(`one request a second`, at, 4 * HOUR, slow, noThrottle));
    }
    // Credentials that were given stay; the mock's own renew themselves.
    const freeze = () => void (this.#imds.credentials && rotate(this.#imds.credentials));
    const thaw = () => void (this.#imds.credentials && rotate());
    const newRole = () => attachRole(`role-${this.#roles++}`);
    often(days / 6, (at) => this.#trouble("no renewal", at, 6 * HOUR, freeze, thaw));
    often(days / 10, (at) => this.#trouble("role detached", at, 6 * HOUR, detachRole, newRole));
    const deny = () => void (this.#imds.credentials && denyAssumeRole());
    often(days / 10, (at) => this.#trouble("role not assumable", at, 6 * HOUR, deny, newRole));
    often(days / 3, (at) => this.#at(at, "role replaced", () => this.#imds.credentials && newRole()));
    often(days, (at) => this.#at(at, "rotation", thaw));
    often(days, (at) => this.#at(at, "tokens expire", this.#imds.expireTokens));
    often(days, (at) => this.#at(at, "suspend", () => this.#suspend()));
    often(days / 5, (at) => this.#at(at, "clock set back", () => this.#jump(setClockBack)));
    often(days / 5, (at) => this.#at(at, "clock set forward", () => this.#jump(suspend)));
    this.#events.sort((a, b) => a.at - b.at);
  }

  /** When something happens next, by the monotonic clock. */
  get nextAt(): number {
    return this.#events[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Lets what is due happen. */
  happen(): void {
    while (this.nextAt <= performance.now()) this.#events.shift()?.run();
  }

  #at(at: number, what: string, run: () => void): void {
    this.#events.push({ at, what, run });
  }

  #trouble(what: string, at: number, longest: number, start: () => void, end: () => void): void {
    const name = `${what} from ${Math.round(at / SECOND)} s`;
    this.#at(at, name, () => {
      this.#troubles.set(name, at);
      start();
    });
    this.#at(at + spread(this.#random, 5 * SECOND, longest), `end of ${name}`, () => {
      this.#troubles.delete(name);
      end();
      this.#readableSince = this.#worldTime();
    });
  }

  #suspend(): void {
    const ms = spread(this.#random, SECOND, 12 * HOUR);
    this.#slept += ms;
    suspend(ms);
  }

  /** There are no credentials that are valid by the new clock before that clock is set. */
  #jump(set: (ms: number) => void): void {
    set(spread(this.#random, SECOND, 3 * HOUR));
    this.#readableSince = this.#worldTime();
  }

  #worldTime(): number {
    return performance.now() + this.#slept;
  }
}

/** The most moments within any span of time. `moments` ascend. */
export function mostWithin(spanMs: number, moments: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < moments.length; last++) {
    while ((moments[last] ?? 0) - (moments[first] ?? 0) >= spanMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
