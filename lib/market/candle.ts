import { formatDateTime, type Micros } from './time.ts'

/** Which candle: no two candles share all four. */
export interface CandleKey {
  readonly source: string
  readonly symbol: string
  readonly timeframe: string
  /** The bucket's start. */
  readonly dateTimeUs: Micros
}

/** A symbol of one source. */
export type SymbolOfSource = Pick<CandleKey, 'source' | 'symbol'>

/** The candles of one symbol and timeframe. */
export type SeriesKey = Omit<CandleKey, 'dateTimeUs'>

/** What the ticks of one bucket say. */
export interface CandleValues {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  /** The count of ticks. */
  readonly volume: number
}

/** A row of `market_data.candles`. */
export interface Candle extends CandleKey, CandleValues {
  /** True once the bucket is over and all ticks that Kafka then had are in; never taken back. */
  readonly closed: boolean
  /** From 1, up by one each time values or `closed` change. */
  readonly revision: number
  /** The stamp of the commit that made this revision. */
  readonly updatedAtUs: Micros
}

/** What is computed from ticks, before the table's history of the same candle is known. */
export type ComputedCandle = CandleKey & CandleValues

/** Equal for the same candle and for no other, whatever its names contain. */
export function candleId({ source, symbol, timeframe, dateTimeUs }: CandleKey): string {
  return JSON.stringify([source, symbol, timeframe, dateTimeUs])
}

export function sameValues(a: CandleValues, b: CandleValues): boolean {
  return (
    a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume
  )
}

/** The candle as consumers of `candle_*` read it: the key tells candles of one topic apart. */
export function candleMessage(candle: Candle): { key: string; value: string } {
  const dateTime = formatDateTime(candle.dateTimeUs)
  const { source, symbol, timeframe, open, high, low, close, volume, closed, revision } = candle
  const updatedAt = formatDateTime(candle.updatedAtUs)
  return {
    key: JSON.stringify([source, symbol, dateTime]),
    value: JSON.stringify({
      source,
      symbol,
      timeframe,
      dateTime,
      open,
      high,
      low,
      close,
      volume,
      closed,
      revision,
      updatedAt,
    }),
  }
}
