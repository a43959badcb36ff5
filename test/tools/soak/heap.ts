/** More growth than this between the second and the last quarter of a run is a leak and not noise. */
const MAX_GROWTH = 0.05;
/** Fewer measurements than that cannot show growth. */
const MIN_SAMPLES = 20;

export interface HeapGrowth {
  readonly verdict: "flat" | "growing" | "not measured";
  /** As a share of the heap in the second quarter. NaN if it was not measured. */
  readonly growth: number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * @param bytes the heap after collection, at regular intervals. The first quarter does not count: what the engine
 *   makes of the code is in it.
 */
export function heapGrowth(bytes: readonly number[]): HeapGrowth {
  const quarter = Math.floor(bytes.length / 4);
  const before = median(bytes.slice(quarter, 2 * quarter));
  const growth = median(bytes.slice(-quarter)) / before - 1;
  if (bytes.length < MIN_SAMPLES || Number.isNaN(growth))
    return { verdict: "not measured", growth: Number.NaN };
  return { verdict: growth > MAX_GROWTH ? "growing" : "flat", growth };
}
