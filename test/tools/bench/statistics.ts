/** @returns NaN if there are no samples */
function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/**
 * How one series compares with another that was measured in turn with it: the median of the ratios of each round,
 * so that a disturbance that hits both counts for neither.
 */
export const medianRatio = (series: readonly number[], other: readonly number[]): number =>
  median(series.map((value, round) => value / (other[round] ?? Number.NaN)));

/** For starts of processes: a disturbance only ever makes them slower, and by more than what is to be seen. */
export const fastestQuartile = (samples: readonly number[]): number => quantile(samples, 0.25);
