/** Of sorted numbers, the smallest that the given share of them does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN)
}
