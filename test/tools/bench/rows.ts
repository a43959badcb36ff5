/** A figure of the benchmarks, as it is documented. */
export interface Figure {
  /** As docs/benchmarks.md names it. */
  readonly what: string;
  readonly unit: "x" | "requests" | "calls" | "kB" | "bytes";
  /** What docs/benchmarks.md says. */
  readonly documented: number;
  /** The most that the gate lets pass. */
  readonly limit: number;
}

/** A figure, as one run measured it. */
export interface Row extends Figure {
  readonly measured: number;
}

/** A time as a multiple of another that is measured in turn with it: noise is let pass, twice as long is not. */
export const times = (what: string, documented: number, factor = 2): Figure => ({
  what,
  unit: "x",
  documented,
  limit: factor * documented,
});

/** A number that is the same in every run. */
export const count = (what: string, documented: number, unit: "requests" | "calls"): Figure => ({
  what,
  unit,
  documented,
  limit: documented,
});

/** An amount of memory or of code: half as much again is let pass, unless `limit` says otherwise. */
export const size = (
  what: string,
  documented: number,
  unit: "kB" | "bytes",
  limit: number = 1.5 * documented,
): Figure => ({ what, unit, documented, limit });

/** A figure that is missing, not a number or 0 where something must be has not been measured, which does not pass. */
const passes = ({ measured, limit, documented }: Row): boolean =>
  measured <= limit && (measured > 0 || documented === 0);

/** The rows at which the gate fails. That there are none at all is an error of its own. */
export function failuresOf(rows: readonly Row[]): readonly Row[] {
  if (rows.length === 0) throw new Error("nothing was measured");
  return rows.filter((row) => !passes(row));
}

/** With its unit, as the terminal and docs/benchmarks.md show it. */
export function shown(value: number, unit: Figure["unit"]): string {
  const digits = unit === "x" ? 2 : unit === "kB" && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

/** The rows as columns of text. */
export function terminalTable(rows: readonly Row[]): string {
  const lines = rows.map(({ what, unit, documented, limit, measured }) => [
    what,
    ...[measured, documented, limit].map((value) => shown(value, unit)),
  ]);
  const all = [["", "measured", "documented", "limit"], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((line) => (line[column] ?? "").length)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return all.map((line) => line.map(cell).join("  ")).join("\n");
}
