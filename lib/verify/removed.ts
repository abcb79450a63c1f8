import type { CandleKey } from '../market/candle.ts'
import { timeframeOfRemoved } from '../market/timeframe.ts'

/**
 * The candle that a row stands for. A row of timeframe `removed_m1` says that the candle of m1 with its key is gone; every
 * other row is the candle itself.
 */
export function candleOfRow<Row extends CandleKey>(row: Row): Row {
  const timeframe = timeframeOfRemoved(row.timeframe)
  return timeframe === undefined ? row : { ...row, timeframe }
}

/** True for a row which says that its candle is gone. */
export function isRemoved({ timeframe }: Pick<CandleKey, 'timeframe'>): boolean {
  return timeframeOfRemoved(timeframe) !== undefined
}
