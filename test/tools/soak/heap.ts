/** A straight line through measurements, and how sure its slope is. */
export interface Trend {
  readonly slope: number;
  readonly standardError: number;
  readonly mean: number;
}

/** Least squares. */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const n = points.length;
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = meanOf(points.map(([x]) => x));
  const mean = meanOf(points.map(([, y]) => y));
  let xx = 0;
  let xy = 0;
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - mean);
  }
  const slope = xy / xx;
  const residual = points.reduce((sum, [x, y]) => sum + (y - mean - slope * (x - meanX)) ** 2, 0);
  return { slope, standardError: Math.sqrt(residual / Math.max(n - 2, 1) / xx), mean };
}

export type HeapVerdict = "flat" | "growing" | "too short to tell";

/** So few say nothing of a thousand: what the engine still makes of the code would count a hundredfold. */
const FEW_ROTATIONS = 100;
/** More than that, and it is growing all the same. */
const MOST_OF_THE_HEAP = 0.05;

/** Whether the heap grows by less than 1 % per 1,000 rotations, as far as a run of so many can tell. */
export function heapVerdict(
  { slope, standardError, mean }: Trend,
  rotations: number,
): { verdict: HeapVerdict; percent: number; doubt: number } {
  const percent = ((slope * 1000) / mean) * 100;
  const doubt = ((2 * standardError * 1000) / mean) * 100;
  const isLittle = rotations < FEW_ROTATIONS && slope * rotations < mean * MOST_OF_THE_HEAP;
  if (percent - doubt > 1) return { verdict: isLittle ? "too short to tell" : "growing", percent, doubt };
  return { verdict: percent + doubt < 1 ? "flat" : "too short to tell", percent, doubt };
}
