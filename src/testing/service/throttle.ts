import type { MockThrottle } from "../types.js";
import { checkCount, checkNames, checkOneOf } from "./checks.js";

/** Lets so many requests through in any second. */
export class Throttle {
  readonly answer: MockThrottle["answer"];
  readonly #perSecond: number;
  #passed: number[] = [];

  constructor(limit: MockThrottle) {
    checkNames("limit", limit, ["perSecond", "answer"]);
    this.#perSecond = checkCount("limit.perSecond", limit.perSecond, 0);
    this.answer = checkOneOf("limit.answer", limit.answer, [429, 503, "silence"] as const);
  }

  /** Whether the request that arrives now is let through. */
  allows(): boolean {
    if (this.#perSecond === Infinity) return true;
    const now = Date.now();
    // A moment in the future is left over from before the clock was set back.
    this.#passed = this.#passed.filter((moment) => moment > now - 1000 && moment <= now);
    if (this.#passed.length >= this.#perSecond) return false;
    this.#passed.push(now);
    return true;
  }
}
