import { unrefTimer } from "./clock.js";

/** What {@link within} resolves to when the time is over. */
export const TIMED_OUT: unique symbol = Symbol("timed out");

/** The result of the work, or `TIMED_OUT` after `ms`. The work goes on, and its late rejection is handled. */
export function within<T>(work: Promise<T>, ms: number): Promise<T | typeof TIMED_OUT> {
  return new Promise((resolve, reject) => {
    const timer = unrefTimer(() => resolve(TIMED_OUT), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
