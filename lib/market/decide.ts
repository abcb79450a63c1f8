import { type Candle, type ComputedCandle, candleId, sameValues } from './candle.ts'
import type { Micros } from './time.ts'
import { bucketEnd, timeframeOf } from './timeframe.ts'

export interface Decision {
  /** Candles as they are stored now: at least those of all computed keys, and all open ones that may close. */
  readonly stored: readonly Candle[]
  /** What the ticks say now of the candles they touch. */
  readonly computed: readonly ComputedCandle[]
  /** Candles whose end is not after this moment are closed. */
  readonly closedUntilUs: Micros
  /** `updated_at` of all that changes; later than every one before. */
  readonly stampUs: Micros
}

/** The rows to write: those whose values or `closed` change, with a revision more than before. */
export function decideCandles({ stored, computed, closedUntilUs, stampUs }: Decision): Candle[] {
  const before = new Map(stored.map(candle => [candleId(candle), candle]))
  const isOver = ({ timeframe, dateTimeUs }: ComputedCandle) =>
    bucketEnd(timeframeOf(timeframe), dateTimeUs) <= closedUntilUs
  const after = new Map<string, ComputedCandle>(
    stored.filter(candle => !candle.closed && isOver(candle)).map(candle => [candleId(candle), candle]),
  )
  for (const candle of computed) after.set(candleId(candle), candle)

  const changed: Candle[] = []
  for (const [id, candle] of after) {
    const old = before.get(id)
    const closed = old?.closed === true || isOver(candle)
    if (old !== undefined && old.closed === closed && sameValues(old, candle)) continue
    changed.push({ ...candle, closed, revision: (old?.revision ?? 0) + 1, updatedAtUs: stampUs })
  }
  return changed
}
