/** Of sorted numbers, the smallest that the given share of them does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN)
}

/** How long something took: what half of the times, 95 in 100 and all of them do not exceed. */
export function percentilesMs(timesMs: readonly number[]) {
  const sorted = timesMs.toSorted((a, b) => a - b)
  return { p50_ms: percentile(sorted, 0.5), p95_ms: percentile(sorted, 0.95), max_ms: percentile(sorted, 1) }
}
