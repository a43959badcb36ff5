import type { Cell, Expectation } from "./oracle.js";

/** One cell and how it ended. */
export interface Played {
  readonly cell: Cell;
  readonly result: Expectation["result"];
  /** As a multiple of what its attempts may take. */
  readonly timeShare: number;
}

/** How many cells there are, and how they ended. */
export function countsOf(played: readonly Played[]): string[][] {
  const count = (wanted: (one: Played) => boolean) => String(played.filter(wanted).length);
  const longest = Math.max(...played.map(({ timeShare }) => timeShare));
  return [
    ["cells", String(played.length)],
    ["the first attempt meets the fault, the next is well", count(({ cell }) => cell.moment === "once")],
    ["every attempt of a first load meets it", count(({ cell }) => cell.moment === "always")],
    ["every attempt of a reload meets it", count(({ cell }) => cell.moment === "reload")],
    ["ended in what was asked for", count(({ result }) => result === "served")],
    ["ended in a typed error", count(({ result }) => result !== "served")],
    ["longest, as a share of what its attempts may take", longest.toFixed(2)],
  ];
}
