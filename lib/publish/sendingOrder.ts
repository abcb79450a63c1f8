import { z } from 'zod'
import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { Candle, CandleKey } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'

/**
 * How far the candles of one table are sent, in the order of stamp, timeframe, bucket, source and symbol: stamps
 * first, so that revisions follow one another; then as data files are laid out, so that few of them are read.
 */
export interface Mark {
  readonly tableUuid: string
  readonly stampUs: Micros
  /** The last of this stamp that was sent; without it, all of them were. */
  readonly last?: CandleKey | undefined
  /** The highest revision that was ever sent; not known of marks of earlier versions. */
  readonly maxRevision?: number | undefined
}

/** A mark as it is kept on its topic, as JSON. */
export const STORED_MARK = z.object({
  tableUuid: z.string(),
  stampUs: z.int(),
  last: z
    .object({ timeframe: z.string(), dateTimeUs: z.int(), source: z.string(), symbol: z.string() })
    .optional(),
  maxRevision: z.int().optional(),
})

/** The mark of a publisher that goes on behind this row. */
export function markAt(
  tableUuid: string,
  { updatedAtUs, timeframe, dateTimeUs, source, symbol }: Candle,
): Mark {
  return { tableUuid, stampUs: updatedAtUs, last: { timeframe, dateTimeUs, source, symbol } }
}

/** True when all rows with this stamp or an older one were sent. */
export function isReached({ stampUs, last }: Mark, untilUs: Micros): boolean {
  return stampUs > untilUs || (stampUs === untilUs && last === undefined)
}

/** Negative, 0 or positive: which of two rows is sent first. */
export function bySendingOrder(a: Candle, b: Candle): number {
  return byPlace(a, b) || compare(a.source, b.source) || compare(a.symbol, b.symbol)
}

/** True for a row that the mark does not say was sent. */
export function isUnsent(candle: Candle, { stampUs, last }: Mark): boolean {
  if (candle.updatedAtUs !== stampUs) return candle.updatedAtUs > stampUs
  return last !== undefined && bySendingOrder(candle, { ...candle, ...last }) > 0
}

/** False only when all rows of the file were sent, as its bounds tell. */
export function mayHoldUnsent(file: DataFile, { stampUs, last }: Mark): boolean {
  const end = endOf(file)
  if (end.updatedAtUs !== stampUs) return end.updatedAtUs > stampUs
  return last !== undefined && byPlace(end, { updatedAtUs: stampUs, ...last }) >= 0
}

/** The part of the sending order that the bounds of a data file tell; a row has such a place too. */
export type Place = Pick<Candle, 'updatedAtUs' | 'timeframe' | 'dateTimeUs'>

/** Negative, 0 or positive: which of two places comes first. */
export function byPlace(a: Place, b: Place): number {
  return (
    compare(a.updatedAtUs, b.updatedAtUs) ||
    compare(a.timeframe, b.timeframe) ||
    compare(a.dateTimeUs, b.dateTimeUs)
  )
}

/** No unsent row of the file is sent before this place; its rows of older stamps than the mark's were sent. */
export function startOf(file: DataFile, { stampUs }: Mark): Place {
  return {
    updatedAtUs: Math.max(Number(lowerBound(file, CANDLE_FIELDS.updatedAt) ?? stampUs), stampUs),
    timeframe: String(lowerBound(file, CANDLE_FIELDS.timeframe) ?? ''),
    dateTimeUs: Number(lowerBound(file, CANDLE_FIELDS.dateTime) ?? Number.NEGATIVE_INFINITY),
  }
}

/** No row of the file is sent after this place. */
function endOf(file: DataFile): Place {
  return {
    updatedAtUs: Number(upperBound(file, CANDLE_FIELDS.updatedAt) ?? Number.POSITIVE_INFINITY),
    timeframe: String(upperBound(file, CANDLE_FIELDS.timeframe) ?? LAST_TEXT),
    dateTimeUs: Number(upperBound(file, CANDLE_FIELDS.dateTime) ?? Number.POSITIVE_INFINITY),
  }
}

/** Behind every timeframe. */
const LAST_TEXT = '\uffff'

function compare<Value extends number | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}
