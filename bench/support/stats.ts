/** Middle value; the mean of the two middle ones where there are two. NaN for none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Value at a fraction of the sorted values, interpolated between neighbours. NaN for none. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** Rounds to so many decimals, for print. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
