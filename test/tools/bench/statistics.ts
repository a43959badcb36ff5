/** The middle of some samples, and how far apart the middle half of them lies. */
export interface Summary {
  readonly median: number;
  /** From the first to the third quartile, as a share of the median. */
  readonly spread: number;
  readonly samples: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  const median = at(0.5);
  return { median, spread: (at(0.75) - at(0.25)) / median, samples: sorted.length };
}

export const median = (samples: readonly number[]): number => summarize(samples).median;

/**
 * How one series compares with another that was measured in turn with it: the median of the ratios of each round,
 * so that a disturbance that hits both counts for neither.
 */
export function ratio(series: readonly number[], other: readonly number[]): Summary {
  return summarize(series.map((value, round) => value / (other[round] ?? Number.NaN)));
}

/**
 * What a start of a process takes when little disturbs it, the quicker quarter: a disturbance only ever makes it slower,
 * and by far more than what is to be seen.
 */
export const undisturbed = (samples: readonly number[]): number =>
  [...samples].sort((a, b) => a - b)[Math.floor((samples.length - 1) / 4)] ?? Number.NaN;

/** How one series of starts compares with another. */
export const undisturbedRatio = (series: readonly number[], other: readonly number[]): Summary => ({
  ...ratio(series, other),
  median: undisturbed(series) / undisturbed(other),
});
