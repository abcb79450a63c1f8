import type { OffsetRange } from '../../lib/ports.ts'
import type { CandlesState } from '../../lib/tables/candlesState.ts'
import {
  advance,
  covers,
  EMPTY_VECTOR,
  type OffsetVector,
  UNKNOWN_TIME,
} from '../../lib/tables/offsetVector.ts'
import type { Commit } from './snapshotWatch.ts'

/** How the candles caught up with some ticks. */
export interface CaughtUp {
  /** The commit that took them in, and marked what it left. */
  readonly saw: Commit<CandlesState>
  /** The first one from there on that left no hour stale. */
  readonly right: Commit<CandlesState>
  readonly commits: number
}

/** From all commits of candles, in their order: undefined while hours are stale that ticks below the ends lie in. */
export function caughtUpWith(
  commits: readonly Commit<CandlesState>[],
  ends: OffsetVector,
): CaughtUp | undefined {
  const from = commits.findIndex(({ state }) => covers(state.vector, ends))
  if (from < 0) return undefined
  const to = commits.findIndex(({ state }, i) => i >= from && state.hours.stale.isEmpty)
  return to < 0 ? undefined : { saw: commits[from]!, right: commits[to]!, commits: to - from + 1 }
}

/** The most hours that were stale at once. */
export function mostStaleHours(commits: readonly Commit<CandlesState>[]): number {
  return commits.reduce((most, { state }) => Math.max(most, state.hours.stale.size), 0)
}

/** A vector of all that a topic's logs have. */
export function endsOf(ranges: ReadonlyMap<number, OffsetRange>): OffsetVector {
  return advance(
    EMPTY_VECTOR,
    [...ranges].map(([partition, { high }]) => ({
      epoch: 0,
      partition,
      next: high,
      timestampMs: UNKNOWN_TIME,
    })),
  )
}
