import type { ServedSet } from "./instance.js";
import { MINUTE } from "./time.js";

/** What came of one look. */
export interface Look {
  readonly at: number;
  /** The set that was served; undefined when nothing answered. */
  readonly set: ServedSet | undefined;
}

/** When a process looks next: on its first call from then on, by a timer, or whichever comes first. */
export interface NextLook {
  readonly onCallFrom: number;
  readonly byTimer: number;
}

/** How one process of a client decides. It is told of every look, and says when the next one is. */
export interface Client {
  next(look: Look): NextLook;
  /** When the credentials that are served expire; before the first set there are none. */
  readonly expiresAt: number;
}

export interface Policy {
  readonly name: string;
  /** Requests of a look that brings credentials, and of one while nothing answers. */
  readonly requests: { readonly first: number; readonly later: number; readonly failed: number };
  create(random: () => number): Client;
}

const NEVER = Number.POSITIVE_INFINITY;
const onCall = (from: number): NextLook => ({ onCallFrom: from, byTimer: NEVER });
const byTimer = (at: number): NextLook => ({ onCallFrom: NEVER, byTimer: at });

interface Peer {
  readonly name: string;
  /** When a look is due after one that brought a set, new or not. */
  due(look: Look & { readonly set: ServedSet }, isNew: boolean, random: () => number): NextLook;
  /** When the next one is after one that failed. */
  retry(now: number, random: () => number): NextLook;
}

/**
 * A peer looks by token, list and document each time. What it sends while nothing answers is counted as a single
 * request, though most try more than once.
 */
function peer({ name, due, retry }: Peer): Policy {
  return {
    name,
    requests: { first: 3, later: 3, failed: 1 },
    create(random) {
      let held: ServedSet | undefined;
      return {
        get expiresAt() {
          return held?.expiresAt ?? 0;
        },
        next({ at, set }) {
          if (set === undefined) return retry(at, random);
          const isNew = held?.id !== set.id;
          held = set;
          return due({ at, set }, isNew, random);
        },
      };
    },
  };
}

const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);

/** The window of the behaviour that the SDKs agreed on in 2026, by the lifetime left. */
const windowOf = (left: number): number =>
  left <= 20 * MINUTE ? 5 * MINUTE : left < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;

/** The peers, as the protocol notes describe them. */
export const PEERS: readonly Policy[] = [
  peer({
    name: "JS SDK (each client)",
    due: ({ at, set }) => onCall(Math.max(at, set.expiresAt - 5 * MINUTE)),
    // It says that the old set lasts 5 to 10 minutes more, and looks again with 5 minutes of them left.
    retry: (now, random) => onCall(now + between(random, 0, 5 * MINUTE)),
  }),
  peer({
    name: "botocore",
    due: ({ at, set }) => onCall(Math.max(at, set.expiresAt - 15 * MINUTE)),
    retry: (now) => onCall(now),
  }),
  peer({
    name: "Java (classic)",
    due: ({ at, set }) => onCall(at + Math.max((set.expiresAt - at) / 2, 5 * MINUTE)),
    retry: (now, random) => onCall(now + between(random, MINUTE, 10 * MINUTE)),
  }),
  peer({
    name: "Go (classic)",
    due: ({ at, set }, _isNew, random) =>
      onCall(Math.max(at, Math.min(at + 60 * MINUTE, set.expiresAt - 5 * MINUTE * (0.5 + random() / 2)))),
    retry: (now, random) => onCall(now + between(random, 5 * MINUTE, 15 * MINUTE)),
  }),
  peer({
    name: ".NET",
    // A timer every two minutes sees that it is time.
    due: ({ at, set }) => {
      const due = Math.min(set.expiresAt - 15 * MINUTE, at + 60 * MINUTE);
      return byTimer(at + Math.max(Math.ceil((due - at) / (2 * MINUTE)), 1) * 2 * MINUTE);
    },
    retry: (now) => byTimer(now + 2 * MINUTE),
  }),
  peer({
    name: "2026 cross-SDK",
    due: ({ at, set }, isNew, random) => {
      const start = set.expiresAt - windowOf(set.expiresAt - at);
      return onCall(
        isNew && start > at ? start : Math.max(start, at + between(random, 5 * MINUTE, 10 * MINUTE)),
      );
    },
    retry: (now, random) => onCall(now + between(random, 5 * MINUTE, 10 * MINUTE)),
  }),
];
