import { expect, test } from "vitest";
import { durationMs, durationText } from "../../../src/cli/mock/duration.js";

test.for([
  ["900", 900_000],
  ["0", 0],
  ["90s", 90_000],
  ["15m", 900_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["500ms", 500],
  ["0.25", 250],
])("%s are %d ms", ([text, ms]) => {
  expect(durationMs(String(text), "s")).toBe(ms);
});

test("a number alone is in the unit of its flag", () => {
  expect(durationMs("200", "ms")).toBe(200);
});

test.for(["", " 1", "1 s", "0x10", "1e3", "-1", "+1", ".5", "1.", "1d", "1M", "s", "1m30s", "Infinity"])(
  "%j is not a duration",
  (text) => {
    expect(durationMs(text, "s")).toBeNaN();
  },
);

test.for([
  [21600, "6 h"],
  [5400, "90 min"],
  [90, "90 s"],
  [0.5, "0.5 s"],
] as const)("%d seconds are shown as %s", ([seconds, shown]) => {
  expect(durationText(seconds)).toBe(shown);
});
