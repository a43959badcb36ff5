import type { ServedCredentials } from "./instance.js";
import { MINUTE } from "./time.js";

/** The result of one refresh. */
export interface Refresh {
  readonly at: number;
  /** The credentials that the IMDS served; undefined when it did not respond. */
  readonly served: ServedCredentials | undefined;
}

/** When a process refreshes next: on its first call from then on, by a timer, or whichever comes first. */
export interface NextRefresh {
  readonly onCallFrom: number;
  readonly byTimer: number;
}

/** The refresh behavior of one process: it gets the result of every refresh, and returns when the next one is. */
export interface Client {
  next(refresh: Refresh): NextRefresh;
  /** When the cached credentials expire; 0 before the first. */
  readonly expiresAt: number;
}

export interface Policy {
  readonly name: string;
  /** Requests of a refresh that succeeds, and of one while nothing responds. */
  readonly requests: { readonly first: number; readonly later: number; readonly failed: number };
  create(random: () => number): Client;
}

const NEVER = Number.POSITIVE_INFINITY;
const onCall = (from: number): NextRefresh => ({ onCallFrom: from, byTimer: NEVER });
const byTimer = (at: number): NextRefresh => ({ onCallFrom: NEVER, byTimer: at });

interface Peer {
  readonly name: string;
  /** When a refresh is due after one that brought credentials, new or not. */
  due(
    refresh: Refresh & { readonly served: ServedCredentials },
    isNew: boolean,
    random: () => number,
  ): NextRefresh;
  /** When the next refresh is due after one that failed. */
  retry(now: number, random: () => number): NextRefresh;
}

/**
 * A peer requests token, list and document each time. While nothing responds it is counted as a single request,
 * though most try more than once.
 */
function peer({ name, due, retry }: Peer): Policy {
  return {
    name,
    requests: { first: 3, later: 3, failed: 1 },
    create(random) {
      let cached: ServedCredentials | undefined;
      return {
        get expiresAt() {
          return cached?.expiresAt ?? 0;
        },
        next({ at, served }) {
          if (served === undefined) return retry(at, random);
          const isNew = cached?.id !== served.id;
          cached = served;
          return due({ at, served }, isNew, random);
        },
      };
    },
  };
}

const between = (random: () => number, low: number, high: number): number => low + random() * (high - low);

/** The window of the refresh behavior that AWS SDKs share since 2026, by the lifetime left. */
const windowOf = (left: number): number =>
  left <= 20 * MINUTE ? 5 * MINUTE : left < 90 * MINUTE ? 15 * MINUTE : 60 * MINUTE;

/** The peers, as the protocol notes describe them. */
export const PEERS: readonly Policy[] = [
  peer({
    name: "JS SDK (each client)",
    due: ({ at, served }) => onCall(Math.max(at, served.expiresAt - 5 * MINUTE)),
    // It extends the old expiration by 5 to 10 minutes, and refreshes again with 5 minutes of them left.
    retry: (now, random) => onCall(now + between(random, 0, 5 * MINUTE)),
  }),
  peer({
    name: "botocore",
    due: ({ at, served }) => onCall(Math.max(at, served.expiresAt - 15 * MINUTE)),
    retry: (now) => onCall(now),
  }),
  peer({
    name: "Java (classic)",
    due: ({ at, served }) => onCall(at + Math.max((served.expiresAt - at) / 2, 5 * MINUTE)),
    retry: (now, random) => onCall(now + between(random, MINUTE, 10 * MINUTE)),
  }),
  peer({
    name: "Go (classic)",
    due: ({ at, served }, _isNew, random) =>
      onCall(Math.max(at, Math.min(at + 60 * MINUTE, served.expiresAt - 5 * MINUTE * (0.5 + random() / 2)))),
    retry: (now, random) => onCall(now + between(random, 5 * MINUTE, 15 * MINUTE)),
  }),
  peer({
    name: ".NET",
    // A timer every two minutes sees that it is time.
    due: ({ at, served }) => {
      const due = Math.min(served.expiresAt - 15 * MINUTE, at + 60 * MINUTE);
      return byTimer(at + Math.max(Math.ceil((due - at) / (2 * MINUTE)), 1) * 2 * MINUTE);
    },
    retry: (now) => byTimer(now + 2 * MINUTE),
  }),
  peer({
    name: "2026 cross-SDK",
    due: ({ at, served }, isNew, random) => {
      const start = served.expiresAt - windowOf(served.expiresAt - at);
      return onCall(
        isNew && start > at ? start : Math.max(start, at + between(random, 5 * MINUTE, 10 * MINUTE)),
      );
    },
    retry: (now, random) => onCall(now + between(random, 5 * MINUTE, 10 * MINUTE)),
  }),
];
