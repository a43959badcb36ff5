import { describe, expect, it } from "vitest";
import type { HeldSet, Likeness } from "../../src/cache/refresh-policy.js";
import {
  advisoryWindow,
  holdAfterFailure,
  isFinal,
  isMandatory,
  mandatoryWindow,
  mayComeAtBoot,
  pauseAfter,
  saysRoleIsGone,
  stateOf,
  timerDelay,
  waitForRole,
  weigh,
} from "../../src/cache/refresh-policy.js";
import { ALMOST_ONE, HOUR, MINUTE, SECOND } from "../support/refresh-setup.js";

const NOW = 1_000_000_000;
const always = (value: number) => () => value;

const held = (left: number, windowMs = HOUR, standing: HeldSet["standing"] = "good"): HeldSet => ({
  expiresAt: NOW + left,
  windowMs,
  standing,
});

describe("the advisory window by lifetime", () => {
  it.each([
    ["nothing", 0, 5 * MINUTE],
    ["less than nothing", -HOUR, 5 * MINUTE],
    ["20 min", 20 * MINUTE, 5 * MINUTE],
    ["a moment over 20 min", 20 * MINUTE + 1, 15 * MINUTE],
    ["a moment under 90 min", 90 * MINUTE - 1, 15 * MINUTE],
    ["90 min", 90 * MINUTE, 60 * MINUTE],
    ["6 hours", 6 * HOUR, 60 * MINUTE],
  ])("%s", (_, lifetime, window) => {
    expect(advisoryWindow(lifetime, undefined)).toBe(window);
    expect(advisoryWindow(lifetime, 1234)).toBe(1234);
  });

  it.each([
    [HOUR, MINUTE],
    [5 * MINUTE, MINUTE],
    [5 * MINUTE - 5, MINUTE - 1],
    [100 * SECOND, 20 * SECOND],
    [1 * SECOND, 200],
  ])("of a window of %d ms, callers wait in the last %d ms", (window, mandatory) => {
    expect(mandatoryWindow(window)).toBe(mandatory);
  });
});

describe("the state", () => {
  it.each([
    ["fresh", held(HOUR + 1)],
    ["advisory", held(HOUR)],
    ["advisory", held(MINUTE + 1)],
    ["mandatory", held(MINUTE)],
    ["mandatory", held(1)],
    ["expired", held(0)],
    ["expired", held(-1)],
    ["advisory", held(20 * SECOND + 1, 100 * SECOND)],
    ["mandatory", held(20 * SECOND, 100 * SECOND)],
    ["invalidated", held(5 * HOUR, HOUR, "invalidated")],
    ["invalidated", held(1, HOUR, "invalidated")],
    ["expired", held(0, HOUR, "invalidated")],
    ["initial", undefined],
  ])("%s: %o", (state, set) => {
    expect(stateOf(set, NOW)).toBe(state);
  });

  it.each([
    ["initial", false],
    ["fresh", false],
    ["advisory", false],
    ["mandatory", true],
    ["invalidated", true],
    ["expired", true],
  ] as const)("%s: callers may have to wait: %j", (state, expected) => {
    expect(isMandatory(state)).toBe(expected);
  });
});

describe("the pause", () => {
  it.each([
    // 15 to 30 % of the time left
    [100 * SECOND, "good", 0, 15 * SECOND],
    [100 * SECOND, "good", 0.5, 22.5 * SECOND],
    [100 * SECOND, "good", ALMOST_ONE, 30 * SECOND],
    // at least a random 2 to 5 s
    [1, "good", 0, 2 * SECOND],
    [1, "good", 0.5, 3.5 * SECOND],
    [1, "good", ALMOST_ONE, 5 * SECOND],
    // at most 5 min
    [2000 * SECOND, "good", 0, 5 * MINUTE],
    [1000 * SECOND, "good", ALMOST_ONE, 5 * MINUTE],
    [6 * HOUR, "good", 0.5, 5 * MINUTE],
    // at most 60 s if the set was invalidated
    [400 * SECOND, "invalidated", 0, 60 * SECOND],
    [399 * SECOND, "invalidated", 0, 59.85 * SECOND],
    [6 * HOUR, "invalidated", ALMOST_ONE, 60 * SECOND],
    [1, "invalidated", 0, 2 * SECOND],
  ] as const)("with %d ms left of a set that is %s, random at %d: %d ms", (left, standing, random, pause) => {
    expect(pauseAfter(held(left, HOUR, standing), NOW, 0, always(random))).toBeCloseTo(pause, 3);
  });

  it.each([0, 0.25, 0.5, 0.75, ALMOST_ONE])(
    "once expired, random at %d: from about a second, doubling, to 30 to 60 s",
    (random) => {
      const pauses = Array.from({ length: 2000 }, (_, nth) => pauseAfter(held(0), NOW, nth, always(random)));
      const limit = 30 * SECOND * (1 + random);
      // About a second: a fifth more or less.
      expect(pauses[0]).toBeCloseTo((0.8 + 0.4 * random) * SECOND, 3);
      for (const [nth, pause] of pauses.slice(1).entries()) {
        expect(pause).toBeCloseTo(Math.min(2 * (pauses[nth] ?? 0), limit), 3);
      }
      expect(pauses.at(-1)).toBeCloseTo(limit, 3);
    },
  );

  it("counting the first pauses and the long ones after them, the worst minute has about 15 looks", () => {
    for (const random of [0, 0.5, ALMOST_ONE]) {
      const moments: number[] = [];
      for (let at = -10 * MINUTE, expired = 0; at < 10 * MINUTE; ) {
        moments.push(at);
        at += pauseAfter(held(-at), NOW, expired, always(random));
        if (at >= 0 && (moments.at(-1) ?? 0) >= 0) expired++;
      }
      const inMinute = moments.map((from) => moments.filter((at) => at >= from && at < from + MINUTE).length);
      expect(Math.max(...inMinute)).toBeLessThanOrEqual(20);
    }
  });
});

describe("other random times", () => {
  it.each([
    [0, 1000],
    [0.5, 3000],
    [ALMOST_ONE, 5000],
  ])("a final failure, random at %d, is held for %d ms", (random, hold) => {
    expect(holdAfterFailure(always(random))).toBeCloseTo(hold, 3);
  });

  it.each([
    [HOUR, 0, 0],
    [HOUR, 0.5, 90 * SECOND],
    [HOUR, ALMOST_ONE, 180 * SECOND],
    [5 * MINUTE, ALMOST_ONE, 15 * SECOND],
  ])("the timer of a window of %d ms, random at %d, looks %d ms later", (window, random, later) => {
    expect(timerDelay(window, always(random))).toBeCloseTo(later, 3);
  });

  it.each([0, 0.5, ALMOST_ONE])("waits for a role grow and stay in seconds, random at %d", (random) => {
    const waits = Array.from({ length: 2000 }, (_, looks) => waitForRole(looks, always(random)));
    expect(waits[0]).toBeCloseTo(250 * (0.8 + 0.4 * random), 3);
    for (const [nth, wait] of waits.slice(1).entries()) expect(wait).toBeGreaterThanOrEqual(waits[nth] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits.at(-1)).toBeLessThanOrEqual(10 * SECOND);
  });
});

describe("a set that arrives", () => {
  const arrives = (left: number, likeness: Likeness = "another", windowMs = HOUR) => ({
    expiresAt: NOW + left,
    windowMs,
    likeness,
  });
  it.each([
    ["the first", arrives(6 * HOUR), undefined, { verdict: "new", take: true, settles: true }],
    [
      "the first, inside its window",
      arrives(HOUR),
      undefined,
      { verdict: "new", take: true, settles: false },
    ],
    ["the first, expired", arrives(0), undefined, { verdict: "expired", take: true, settles: false }],
    ["a new one", arrives(6 * HOUR), held(HOUR), { verdict: "new", take: true, settles: true }],
    [
      "a new one, a moment outside its window",
      arrives(HOUR + 1),
      held(MINUTE),
      { verdict: "new", take: true, settles: true },
    ],
    ["the same", arrives(HOUR, "same"), held(HOUR), { verdict: "unchanged", take: false, settles: false }],
    ["the same, expired", arrives(-1, "same"), held(-1), { verdict: "expired", take: false, settles: false }],
    [
      "inside its window, lasting longer",
      arrives(HOUR),
      held(MINUTE),
      { verdict: "new", take: true, settles: false },
    ],
    [
      "inside its window, lasting as long",
      arrives(MINUTE),
      held(MINUTE),
      { verdict: "unchanged", take: false, settles: false },
    ],
    [
      "inside its window, lasting less long",
      arrives(MINUTE),
      held(2 * MINUTE),
      { verdict: "unchanged", take: false, settles: false },
    ],
    [
      "inside its window, lasting less long than one that was invalidated",
      arrives(MINUTE),
      held(2 * MINUTE, HOUR, "invalidated"),
      { verdict: "new", take: true, settles: false },
    ],
    ["expired, while one is valid", arrives(0), held(1), { verdict: "expired", take: false, settles: false }],
    [
      "expired later than the expired one",
      arrives(-1),
      held(-2),
      { verdict: "expired", take: true, settles: false },
    ],
    [
      "with the key that was rejected, and another expiration",
      arrives(6 * HOUR, "rejected"),
      held(HOUR, HOUR, "invalidated"),
      { verdict: "unchanged", take: true, settles: false },
    ],
    [
      "with the key that was rejected, expired",
      arrives(-1, "rejected"),
      held(HOUR, HOUR, "invalidated"),
      { verdict: "expired", take: false, settles: false },
    ],
    [
      "expired before the expired one",
      arrives(-2),
      held(-1),
      { verdict: "expired", take: false, settles: false },
    ],
  ])("%s", (_, arrived, set, expected) => {
    expect(weigh(arrived, set, NOW)).toEqual(expected);
  });
});

describe("what a code means", () => {
  const FINAL = [
    "IMDS_DISABLED",
    "IMDS_FORBIDDEN",
    "NO_ROLE_ATTACHED",
    "ROLE_NOT_ASSUMABLE",
    "IMDS_UNREACHABLE",
  ];
  const GONE = ["NO_ROLE_ATTACHED", "ROLE_NOT_ASSUMABLE"];
  const AT_BOOT = ["NO_ROLE_ATTACHED", "IMDS_UNREACHABLE", "IMDS_TIMEOUT"];
  it.each([
    "IMDS_DISABLED",
    "IMDS_UNREACHABLE",
    "IMDS_TIMEOUT",
    "IMDS_FORBIDDEN",
    "TOKEN_REJECTED",
    "TOKEN_UNSUPPORTED",
    "UNAUTHORIZED",
    "NO_ROLE_ATTACHED",
    "ROLE_NOT_ASSUMABLE",
    "THROTTLED",
    "SERVER_ERROR",
    "INVALID_RESPONSE",
    "NOT_FOUND",
    "INVALID_CONFIGURATION",
    "ABORTED",
    undefined,
  ] as const)("%s", (code) => {
    expect(isFinal(code)).toBe(FINAL.includes(code ?? ""));
    expect(saysRoleIsGone(code)).toBe(GONE.includes(code ?? ""));
    expect(mayComeAtBoot(code)).toBe(AT_BOOT.includes(code ?? ""));
  });
});
