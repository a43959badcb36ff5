import type { Outage, Rotation } from "./instance.js";
import { InstanceMetadata } from "./instance.js";
import type { Client, Policy } from "./policies.js";
import { EventQueue } from "./queue.js";
import { HOUR, SECOND, seededRandom } from "./time.js";

export const SIMULATED: number = 48 * HOUR;

/** One instance and its processes. */
export interface Scenario {
  readonly processes: number;
  readonly rotation: Rotation;
  /** All processes start within so many milliseconds. */
  readonly bootWithin: number;
  /** A process calls this often; `Infinity`: never, only its timers act. */
  readonly callEvery: number;
  readonly outage?: Outage;
  readonly seed: number;
}

/** What the IMDS of the instance saw. */
export interface Traffic {
  /** Requests of each second that had any. */
  readonly perSecond: ReadonlyMap<number, number>;
  readonly requests: number;
  /** The longest time, in milliseconds, for which a process used expired credentials while the IMDS had newer ones. */
  readonly longestStale: number;
  /** When each process refreshed for the second time, first succeeded after the outage, first got other credentials. */
  readonly moments: Readonly<Record<Moment, readonly number[]>>;
}

export type Moment = "refreshed" | "recovered" | "rotated";

interface Process {
  readonly client: Client;
  readonly callPhase: number;
  refreshes: number;
  firstId?: number;
  readonly seen: Set<Moment>;
}

function firstCallFrom(time: number, { callPhase }: Process, every: number): number {
  if (!Number.isFinite(time) || !Number.isFinite(every)) return Number.POSITIVE_INFINITY;
  return Math.ceil((time - callPhase) / every) * every + callPhase;
}

/** Runs one instance for 48 hours. */
export function simulate(policy: Policy, scenario: Scenario): Traffic {
  const { processes, rotation, bootWithin, callEvery, outage, seed } = scenario;
  const random = seededRandom(seed);
  const metadata = new InstanceMetadata(rotation, outage, random);
  const perSecond = new Map<number, number>();
  const queue = new EventQueue<Process>();
  for (let index = 0; index < processes; index++) {
    const callPhase = random() * (Number.isFinite(callEvery) ? callEvery : 0);
    queue.push(random() * bootWithin, {
      client: policy.create(random),
      callPhase,
      refreshes: 0,
      seen: new Set(),
    });
  }
  let requests = 0;
  let longestStale = 0;
  const moments: Record<Moment, number[]> = { refreshed: [], recovered: [], rotated: [] };
  const note = (process: Process, moment: Moment, at: number) => {
    if (process.seen.has(moment)) return;
    process.seen.add(moment);
    moments[moment].push(at);
  };
  for (let event = queue.pop(); event && event.at < SIMULATED; event = queue.pop()) {
    const { at, item: process } = event;
    const isDown = metadata.isDown(at);
    const { first, later, failed } = policy.requests;
    const sent = isDown ? failed : process.refreshes === 0 ? first : later;
    const second = Math.floor(at / SECOND);
    perSecond.set(second, (perSecond.get(second) ?? 0) + sent);
    requests += sent;
    if (!isDown) {
      process.refreshes++;
      process.firstId ??= metadata.served(at).id;
      if (process.refreshes === 2) note(process, "refreshed", at);
      if (outage && at >= outage.until) note(process, "recovered", at);
      if (metadata.served(at).id !== process.firstId) note(process, "rotated", at);
      const staleSince = Math.max(process.client.expiresAt, outage && at >= outage.until ? outage.until : 0);
      if (process.client.expiresAt > 0) longestStale = Math.max(longestStale, at - staleSince);
    }
    const next = process.client.next({ at, served: isDown ? undefined : metadata.served(at) });
    // A call that has just refreshed does not refresh again; the one after it may.
    const onCall = firstCallFrom(Math.max(next.onCallFrom, at + 1), process, callEvery);
    queue.push(Math.max(Math.min(onCall, next.byTimer), at + 1), process);
  }
  return { perSecond, requests, longestStale, moments };
}

/** A part of the run, in milliseconds. */
export interface Part {
  readonly from: number;
  readonly until: number;
}

function* amounts({ perSecond }: Traffic, { from, until }: Part): Iterable<number> {
  for (const [second, amount] of perSecond)
    if (second * SECOND >= from && second * SECOND < until) yield amount;
}

/** The most requests within any one second of a part of the run. */
export function worstSecond(traffic: Traffic, part: Part): number {
  let worst = 0;
  for (const amount of amounts(traffic, part)) worst = Math.max(worst, amount);
  return worst;
}

/** All requests of a part of the run. */
export function requestsIn(traffic: Traffic, part: Part): number {
  let sum = 0;
  for (const amount of amounts(traffic, part)) sum += amount;
  return sum;
}

/** Seconds in which the middle nine tenths of some moments lie. */
export function spreadSeconds(moments: readonly number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return (at(0.95) - at(0.05)) / SECOND;
}
