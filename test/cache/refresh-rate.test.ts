import { describe, expect, it } from "vitest";
import type { CacheState, Credentials, RefreshSettings } from "../../src/cache/cache-state.js";
import {
  credentialsArrived,
  dueRefresh,
  EMPTY,
  keyRejected,
  refreshFailed,
  timePassed,
} from "../../src/cache/cache-state.js";
import { seededRandom } from "../support/seeded-random.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const SETTINGS: RefreshSettings = { advisoryWindowMs: undefined, maxAgeMs: HOUR, attemptMs: SECOND };
const FAILURE = { error: "down", isNonRecoverable: false, isGone: false };

type Answer = "failure" | "the same" | "expired" | "short-lived" | "alternately";

const credentials = (accessKeyId: string, expiresAt: number): Credentials => ({
  accessKeyId,
  secretAccessKey: "-",
  sessionToken: "-",
  expiresAt,
});

/** Times at which a provider refreshes that is called every 100 ms, and whose source never has anything new. */
function refreshTimes(lifetime: number, answer: Answer, isRejected: boolean, random: () => number): number[] {
  const first = credentials("first", lifetime);
  let state: CacheState = credentialsArrived(EMPTY, first, SETTINGS, { wall: 0, monotonic: 0 }, random).state;
  const times: number[] = [];
  for (let at = 0; at < lifetime + 3 * HOUR; at += 100) {
    const now = { wall: at, monotonic: at };
    state = timePassed(state, now);
    if (isRejected) state = keyRejected(state, "first", false, now);
    if (dueRefresh(state, now) === undefined) continue;
    times.push(at);
    const kind = answer === "alternately" ? (times.length % 2 ? "failure" : "the same") : answer;
    state =
      kind === "failure"
        ? refreshFailed(state, FAILURE, now, random)
        : credentialsArrived(state, response(kind, first, at), SETTINGS, now, random).state;
  }
  return times;
}

function response(kind: Answer, first: Credentials, at: number): Credentials {
  if (kind === "expired") return credentials(`expired at ${at}`, at - SECOND);
  return kind === "short-lived" ? credentials(`short at ${at}`, first.expiresAt - 1) : first;
}

function mostWithin(times: readonly number[], ms: number): number {
  let most = 0;
  let from = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[from] ?? 0) > ms) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

const ANSWERS: readonly Answer[] = ["failure", "the same", "expired", "short-lived", "alternately"];

const RANDOMS: readonly (readonly [string, () => number])[] = [
  ["at its lowest", () => 0],
  ["at its highest", () => 1 - 2 ** -53],
  ["seeded", seededRandom(7)],
];

describe.each([4 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR])("credentials that live %d ms", (lifetime) => {
  describe.each(ANSWERS)("then nothing new: %s", (answer) => {
    it.each(RANDOMS)(
      "randomness %s: under 20 refreshes in any minute, under 150 in any hour",
      (_, random) => {
        for (const isRejected of [false, true]) {
          const times = refreshTimes(lifetime, answer, isRejected, random);
          expect(mostWithin(times, MINUTE)).toBeLessThan(20);
          expect(mostWithin(times, HOUR)).toBeLessThan(150);
          // And it goes on trying: at least once a minute after the expiration.
          expect(times.filter((at) => at > lifetime + HOUR).length).toBeGreaterThan(90);
        }
      },
    );
  });
});
