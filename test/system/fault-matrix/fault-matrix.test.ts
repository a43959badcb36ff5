import { afterAll, describe, expect, test } from "vitest";
import { markdownTable } from "../../support/markdown.js";
import { cells, nameOf, play } from "./matrix.js";
import { expectationOf } from "./oracle.js";
import { countsOf, type Played } from "./summary.js";

const CELLS = cells();
const played: Played[] = [];

afterAll(() => {
  console.info(markdownTable(["", ""], countsOf(played)));
});

test("the matrix is complete: at least 300 cells, and every step has every fault", () => {
  expect(CELLS.length).toBeGreaterThanOrEqual(300);
  const met = new Set(CELLS.map(({ step, fault }) => `${step} ${fault.name}`));
  expect(met.size).toBe(4 * new Set(CELLS.map(({ fault }) => fault.name)).size);
});

describe.concurrent("each cell ends as designed, in time, without a leak", () => {
  test.each(CELLS.map((cell) => [nameOf(cell), cell] as const))(
    "%s",
    { timeout: 60_000 },
    async (_, cell) => {
      const { timeShare, leaks, openConnections, ...outcome } = await play(cell);
      played.push({ cell, result: outcome.result, timeShare });
      expect(outcome).toEqual(expectationOf(cell));
      // Twice what its attempts may take: a machine under load is late, a deadline that does not hold never ends.
      expect(timeShare).toBeLessThan(2);
      expect(leaks).toEqual([]);
      expect(openConnections).toBe(0);
    },
  );
});
