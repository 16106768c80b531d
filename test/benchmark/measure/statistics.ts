/** The middle of some figures, and how far they lie apart. */
export interface Figure {
  readonly median: number;
  /** The quartiles: half of all figures lie between. */
  readonly low: number;
  readonly high: number;
}

/** @throws RangeError without any value, or with one that is no number: no figure is better than a wrong one. */
export function figureOf(values: readonly number[]): Figure {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`No figure of [${values.join(', ')}].`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, low: percentile(sorted, 0.25), high: percentile(sorted, 0.75) };
}

/** The value that `share` (0 to 1) of all values do not exceed (nearest rank). */
export function percentile(values: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('No percentile of nothing.');
  return value;
}
