import type { Summary } from "./statistics.js";

/** One line of the table: what was measured, what came out, and what was to be reached. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly reach: string;
  readonly outcome: "reached" | "not reached";
  /** Times vary from run to run, amounts do not. */
  readonly kind: "time" | "amount";
  /** The measured value as a share of what is to be reached. */
  readonly share: number;
}

const times = (value: number): string => `${value.toFixed(2)} x`;
const spreadOf = ({ spread, samples }: Summary): string =>
  `± ${Math.round(spread * 50)} %, ${samples} rounds`;

/** A ratio and the most that it may be. */
export function ratioRow(what: string, measured: Summary, most: number, against: string): Row {
  return {
    what,
    measured: `${times(measured.median)} (${spreadOf(measured)})`,
    reach: `at most ${times(most)} ${against}`,
    outcome: measured.median <= most ? "reached" : "not reached",
    kind: "time",
    share: measured.median / most,
  };
}

/** An amount and the most that it may be. */
export function amountRow(
  what: string,
  measured: number,
  most: number,
  unit: string,
  shown: string = String(measured),
): Row {
  return {
    what,
    measured: `${shown} ${unit}`.trim(),
    reach: `at most ${most} ${unit}`.trim(),
    outcome: measured <= most ? "reached" : "not reached",
    kind: "amount",
    share: measured <= most ? Math.min(1, measured / Math.max(most, 1)) : measured / most,
  };
}

/** Noise never fails a build, but a doubling does. */
const GENEROUS: Readonly<Record<Row["kind"], number>> = { time: 2, amount: 1.25 };

/** The rows that are so far off that something must have become worse. */
export const regressions = (rows: readonly Row[]): readonly Row[] =>
  rows.filter(({ kind, share }) => share > GENEROUS[kind]);

/** The rows as columns of text. */
export function terminalTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, measured, reach, outcome }) => [what, measured, reach, outcome]);
  const all = [["what", "measured", "to reach", "outcome"], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((line) => (line[column] ?? "").length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
