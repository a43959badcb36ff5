import { PROMISES } from "./promises.js";
import type { Rules, Snapshot } from "./snapshot.js";
import { events, START } from "./snapshot.js";

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Every state that can be reached in so many events was looked into. */
  readonly depth: number;
  /** Whether nothing new appeared any more. */
  readonly isComplete: boolean;
  /** Broken promises, each with the shortest sequence of events that leads to it. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
}

interface Visit {
  readonly snapshot: Snapshot;
  readonly name: string;
  readonly from: Visit | undefined;
}

/** Walks all states breadth first, until the time is over, nothing new appears, or the promise `until` is broken. */
export function explore(use: Rules, maxMs: number, until?: string): Exploration {
  const end = performance.now() + maxMs;
  const seen = new Set([identity(START)]);
  const broken = new Map<string, readonly string[]>();
  let level: Visit[] = [{ snapshot: START, name: "start", from: undefined }];
  let transitions = 0;
  let depth = 0;
  for (; level.length > 0; depth++) {
    const following: Visit[] = [];
    for (const visit of level) {
      if (performance.now() > end || (until && broken.has(until)))
        return { states: seen.size, transitions, depth, isComplete: false, broken };
      for (const event of events(visit.snapshot, use)) {
        transitions++;
        for (const [promise, isBroken] of Object.entries(PROMISES)) {
          if (!broken.has(promise) && isBroken(visit.snapshot, event, use))
            broken.set(promise, [...path(visit), event.name]);
        }
        const id = identity(event.next);
        if (seen.has(id)) continue;
        seen.add(id);
        following.push({ snapshot: event.next, name: event.name, from: visit });
      }
    }
    level = following;
  }
  return { states: seen.size, transitions, depth, isComplete: level.length === 0, broken };
}

function path(visit: Visit | undefined): string[] {
  return visit ? [...path(visit.from), visit.name] : [];
}

/** States that differ in absolute time and in the names of keys only are one. */
function identity({ now, state, inFlight, lastEnd, truth, rejected, acceptable }: Snapshot): string {
  const wall = (at: number | undefined) => (at === undefined ? "-" : Math.round(at - now.wall));
  const both = (at: Snapshot["now"] | undefined) =>
    at ? `${Math.round(at.wall - now.wall)}/${Math.round(at.monotonic - now.monotonic)}` : "-";
  const flight = inFlight ? Math.round(inFlight.startedAt - now.monotonic) : "-";
  // Longer ago than any rule asks for.
  const ended = lastEnd && now.monotonic - lastEnd.monotonic > 90_000 ? "long ago" : both(lastEnd);
  const common = [flight, ended, acceptable !== undefined && acceptable > now.wall ? wall(acceptable) : "-"];
  if (state.kind === "empty")
    return JSON.stringify([
      ...common,
      both(state.failFast?.until),
      state.rejections.length > 0,
      rejected.length > 0,
    ]);
  const { accessKeyId, expiresAt } = state.credentials;
  return JSON.stringify([
    ...common,
    wall(expiresAt),
    state.windowMs,
    wall(state.refreshAt),
    both(state.maxAgeAt),
    both(state.backoff?.until),
    state.backoff?.sinceExpired,
    both(state.serveStaleUntil),
    state.gone !== undefined,
    state.rejections.map((each) => [each.accessKeyId === accessKeyId, each.duringRefresh]).slice(-2),
    rejected.includes(accessKeyId),
    rejected.length > 0,
    truth[accessKeyId] === expiresAt,
  ]);
}
