import { vi } from "vitest";

/** Time that stands still until a test moves it; what is left real is the I/O of the process. */
const FAKED = ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] as const;

/** What keeps the event loop busy by itself. Pipes and sockets of the test runner do not count, nor do real timers. */
const IS_WORK = /^(Immediate|FS|CloseReq|GetAddrInfo)/;

/** Enough for an unreferenced immediate, which is not listed, and for what follows from it. */
const QUIET_ROUNDS = 3;

const { setImmediate: nextRound } = globalThis;

const oneRound = (): Promise<void> => new Promise((resolve) => nextRound(resolve));

export function startSimulatedTime(now: Date): void {
  vi.useFakeTimers({ toFake: [...FAKED], now });
}

export function endSimulatedTime(): void {
  vi.useRealTimers();
}

/** Lets everything run that does not wait for simulated time: promises, streams, msw, files. One call at a time. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
    await oneRound();
    if (process.getActiveResourcesInfo().some((name) => IS_WORK.test(name))) quiet = -1;
  }
}

/** Moves both clocks, timer by timer, and lets what each of them sets off come to rest before the next. */
export async function advance(ms: number): Promise<void> {
  await settle();
  let there = false;
  setTimeout(() => {
    there = true;
  }, ms);
  while (!there) {
    vi.advanceTimersToNextTimer();
    await settle();
  }
  // Those that were set meanwhile, for this very moment.
  vi.advanceTimersByTime(0);
  await settle();
}

/** The machine sleeps: the wall clock jumps when it wakes, monotonic clock and timers have stood still. */
export function suspend(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** The wall clock is set back; the monotonic clock and timers are not affected. */
export function setClockBack(ms: number): void {
  vi.setSystemTime(Date.now() - ms);
}

/** Every random number from now on. */
export function stubRandom(value: number): void {
  vi.spyOn(Math, "random").mockReturnValue(value);
}
