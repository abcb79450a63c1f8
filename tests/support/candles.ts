import type { Candle } from '../../lib/market/candle.ts'
import { bucketStart, timeframeOf } from '../../lib/market/timeframe.ts'

/** A candle, with values that tell it from others; what is not said is of no matter. */
export function candle(of: Partial<Candle> & Pick<Candle, 'dateTimeUs'>): Candle {
  return {
    source: 'S',
    symbol: 'X',
    timeframe: 'm1',
    open: 1.5,
    high: 2.25,
    low: 0.1,
    close: 1.25,
    volume: 3,
    closed: true,
    revision: 1,
    updatedAtUs: 1_700_000_000_000_001,
    ...of,
  }
}

/** Those candles and, as rollup always makes them, the monthly ones over them. */
export function withMonths(candles: readonly Candle[]): Candle[] {
  const months = candles.map(one => ({
    ...one,
    timeframe: 'M1',
    dateTimeUs: bucketStart(timeframeOf('M1'), one.dateTimeUs),
  }))
  return [...candles, ...months]
}
