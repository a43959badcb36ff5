import timers from "node:timers";

/**
 * Time, timers and randomness, in one place and read from the global object on every call, so that fake timers and a
 * stubbed `Math.random` in a test apply to them.
 */

/** Wall clock, milliseconds since the epoch: expiry is judged by it. */
export const wallClock = (): number => Date.now();

/** Monotonic clock, milliseconds since process start: it never jumps, but stands still while the machine sleeps. */
export const monotonicClock = (): number => performance.now();

/** A random number from 0 (inclusive) to 1 (exclusive). */
export const random = (): number => Math.random();

/** The longest delay that a Node timer takes; beyond it, it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that never keeps the process alive. It fires at most 24.8 days later, so check the clock when it does. */
export function unrefTimer(callback: () => void, ms: number): NodeJS.Timeout {
  const timer = setTimeout(callback, Math.min(Math.max(Math.ceil(ms), 0), MAX_TIMER_MS));
  // A simulated browser, in which some test, has numbers for timers.
  timer.unref?.();
  return timer;
}

/** Resolves after `ms`, without keeping the process alive. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    unrefTimer(resolve, ms);
  });

// Captured at import, and Node's own where a simulated browser has others: fake timers do not replace them.
const { setInterval: setRealInterval, clearInterval: clearRealInterval } = timers;

let waitingCallers = 0;

/**
 * Keeps the process alive until the returned function is called, at most for `maxMs`: for a caller that waits for
 * sockets and timers that do not. The limit is for tests with fake timers, in which that wait may never end.
 */
export function keepProcessAlive(maxMs: number = Number.POSITIVE_INFINITY): () => void {
  let isOver = false;
  const release = () => {
    if (isOver) return;
    isOver = true;
    waitingCallers--;
    clearRealInterval(timer);
  };
  const onInterval = () => {
    if (Number.isFinite(maxMs)) release();
  };
  const timer = setRealInterval(onInterval, Math.min(maxMs, MAX_TIMER_MS));
  waitingCallers++;
  return release;
}

/** Whether a caller waits for anything; otherwise, what goes on goes on in the background. */
export const isProcessKeptAlive = (): boolean => waitingCallers > 0;

/**
 * Calls back after one more turn of the event loop, in which what has arrived meanwhile is read. By messages, as no
 * fake timers stand in for them, also where the timers were fake before this module was loaded. Two of them, by two
 * channels: the first arrives in the turn that has begun already, and a second of the same channel with it.
 */
export async function afterNextPoll(callback: () => void): Promise<void> {
  const { MessageChannel } = await import("node:worker_threads");
  const onMessage = (then: () => void) => {
    const { port1, port2 } = new MessageChannel();
    port1.once("message", () => {
      port1.close();
      then();
    });
    port2.postMessage(undefined);
  };
  onMessage(() => onMessage(callback));
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
