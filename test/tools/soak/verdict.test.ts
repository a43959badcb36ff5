import { describe, expect, test } from "vitest";
import { heapGrowth } from "./heap.js";
import { problemsOf, type SoakCounts } from "./verdict.js";

const GOOD: SoakCounts = {
  rotations: 120,
  s3Calls: 14_000,
  failedCalls: 0,
  refusedCalls: 0,
  newCredentials: 118,
  faults: 6,
  waits: 0,
  leastSecondsLeft: 8.1,
  heap: { verdict: "flat", growth: 0.01 },
  handlesLeft: [],
};

test("a good soak has no problem", () => {
  expect(problemsOf(GOOD)).toEqual([]);
});

test.each<[Partial<SoakCounts>, string]>([
  [{ s3Calls: 0 }, "no S3 call was made"],
  [{ failedCalls: 1 }, "1 S3 calls failed"],
  [{ refusedCalls: 2 }, "S3 refused 2 calls"],
  [{ refusedCalls: undefined }, "S3 refused an unknown number of calls"],
  [{ newCredentials: 0 }, "120 rotations, 0 picked up"],
  [{ faults: 0 }, "no metadata request was made to fail"],
  [{ waits: 1 }, "1 calls waited for credentials"],
  [{ leastSecondsLeft: -0.1 }, "the credentials in use had -0.1 s left"],
  [{ leastSecondsLeft: Number.NaN }, "the credentials in use had NaN s left"],
  [{ heap: { verdict: "growing", growth: 0.1 } }, "heap: growing"],
  [{ heap: { verdict: "not measured", growth: Number.NaN } }, "heap: not measured"],
  [{ handlesLeft: ["TCPSocketWrap"] }, "left open: TCPSocketWrap"],
])("a soak with %o fails", (change, problem) => {
  expect(problemsOf({ ...GOOD, ...change })).toEqual([problem]);
});

describe("the heap", () => {
  const samples = (bytes: (index: number) => number) =>
    Array.from({ length: 60 }, (_, index) => bytes(index));

  test("is flat when it varies, and when it only grows in the first quarter", () => {
    expect(heapGrowth(samples((index) => 16e6 + (index % 2) * 200_000)).verdict).toBe("flat");
    expect(heapGrowth(samples((index) => 16e6 + Math.min(index, 15) * 100_000)).verdict).toBe("flat");
  });

  test("grows when it ends a tenth larger", () => {
    expect(heapGrowth(samples((index) => 16e6 * (1 + index / 400))).verdict).toBe("growing");
  });

  test("is not measured by too few samples", () => {
    expect(heapGrowth([]).verdict).toBe("not measured");
    expect(heapGrowth([16e6, 16e6, 16e6, 16e6]).verdict).toBe("not measured");
  });
});
