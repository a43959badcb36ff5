/**
 * Time, timers and randomness, all in one place and looked up on every call, so that a test with fake timers
 * or a stubbed `Math.random` owns them.
 */

/** Wall clock, milliseconds since the epoch: expiry is judged by it. */
export const wallClock = (): number => Date.now();

/** Monotonic clock, milliseconds since process start: it never jumps, but stands still while the machine sleeps. */
export const monotonicClock = (): number => performance.now();

/** A random number from 0 (inclusive) to 1 (exclusive). */
export const random = (): number => Math.random();

/** The longest delay that a Node timer takes; beyond it, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that never keeps the process alive. It fires at most 24.8 days later, so look at the clock when it does. */
export function unrefTimer(callback: () => void, ms: number): NodeJS.Timeout {
  const timer = setTimeout(callback, Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS));
  // A simulated browser, in which some test, has numbers for timers.
  timer.unref?.();
  return timer;
}

/** Resolves after `ms`, without keeping the process alive. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    unrefTimer(resolve, ms);
  });

// Not a matter of time: fake timers, which may run everything that is pending, have no say in it.
const { setInterval: hold, clearInterval: letGo } = globalThis;

/** Keeps the process alive until the returned function is called: for whoever waits on unreferenced sockets and timers. */
export function keepProcessAlive(): () => void {
  const timer = hold(() => {}, LONGEST_TIMER_MS);
  return () => letGo(timer);
}

/** The same point in time by both clocks. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * Past as soon as either the wall clock or the monotonic one says so: a machine that slept does not wait again,
 * and a wall clock that was set back does not prolong a wait.
 */
export type Deadline = Instant;

export const currentInstant = (): Instant => ({ wall: wallClock(), monotonic: monotonicClock() });

export const deadlineIn = (ms: number, from: Instant = currentInstant()): Deadline => ({
  wall: from.wall + ms,
  monotonic: from.monotonic + ms,
});

/** Milliseconds until the deadline, by the clock that reaches it first; 0 once it is past. */
export const msUntil = (deadline: Deadline, now: Instant = currentInstant()): number =>
  Math.max(0, Math.min(deadline.wall - now.wall, deadline.monotonic - now.monotonic));

export const isPast = (deadline: Deadline, now: Instant = currentInstant()): boolean =>
  msUntil(deadline, now) === 0;
