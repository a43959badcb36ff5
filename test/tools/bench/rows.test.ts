import { describe, expect, test } from "vitest";
import { count, type Figure, failuresOf, size, times } from "./rows.js";
import { median, medianRatio } from "./statistics.js";

const failing = (rows: readonly (readonly [Figure, number])[]): string[] =>
  failuresOf(rows.map(([figure, measured]) => ({ ...figure, measured }))).map(({ what }) => what);

describe("the gate of the benchmarks", () => {
  test("lets figures pass that vary by less than a factor of two", () => {
    const rows: [Figure, number][] = [
      [times("slower", 0.35), 0.6],
      [times("faster", 1.05), 0.4],
      [count("no calls", 0, "calls"), 0],
      [count("three requests", 3, "requests"), 3],
      [size("memory", 4.6, "kB"), 6.5],
    ];
    expect(failing(rows)).toEqual([]);
  });

  test("fails on a cached call that takes five times as long, whatever it is compared with", () => {
    const rows: [Figure, number][] = [
      [times("clock", 1.05), 5 * 1.05],
      [times("memoized", 0.35), 5 * 0.35],
    ];
    expect(failing(rows)).toEqual(["clock", "memoized"]);
  });

  test("fails on one request or one failed call too many, and on half as much memory again", () => {
    const rows: [Figure, number][] = [
      [count("requests", 3, "requests"), 4],
      [count("failed", 0, "calls"), 1],
      [size("memory", 4.6, "kB"), 7],
    ];
    expect(failing(rows)).toEqual(["requests", "failed", "memory"]);
  });

  test("fails on what was not measured: no samples, no number, nothing where something must be", () => {
    const rows: [Figure, number][] = [
      [times("no samples", 1), medianRatio([], [])],
      [times("nothing to compare with", 1), medianRatio([1, 2], [])],
      [size("no memory", 4.6, "kB"), median([])],
      [count("no requests", 3, "requests"), 0],
      [count("no calls to count", 0, "calls"), Number.NaN],
    ];
    expect(failing(rows)).toEqual(rows.map(([{ what }]) => what));
    expect(() => failuresOf([])).toThrow("nothing was measured");
  });
});
