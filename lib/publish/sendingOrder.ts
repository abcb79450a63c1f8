import { z } from 'zod'
import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { Candle, CandleKey } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import { timeframeOfRemoved } from '../market/timeframe.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'

/**
 * How far candles are sent, in the order of stamp, timeframe, bucket, source and symbol: stamps first, so that
 * revisions follow one another; then as data files are laid out, so that few of them are read.
 */
export interface Reach {
  readonly stampUs: Micros
  /** The last of this stamp that was sent; without it, all of them were. */
  readonly last?: CandleKey | undefined
}

/** How far the candles of one table are sent, and what that was sent is to be sent again. */
export interface Mark extends Reach {
  readonly tableUuid: string
  /** The highest revision that was ever sent; not known of marks of earlier versions. */
  readonly maxRevision?: number | undefined
  /** By timeframe, Kafka's id of the topic that its candles were sent to, where it is known. */
  readonly topicIds?: Readonly<Record<string, string>> | undefined
  readonly refills?: readonly Refill[] | undefined
}

/** What the topic of a timeframe lacks of what was sent, as it was deleted and made again. */
export interface Refill {
  readonly timeframe: string
  /** So far it was sent again. */
  readonly from: Reach
  /** The row that ends it: this one and those after it are on the topic, or sent as always. */
  readonly before: SendingPlace
}

const PLACE = { timeframe: z.string(), dateTimeUs: z.int(), source: z.string(), symbol: z.string() }
const REACH = { stampUs: z.int(), last: z.object(PLACE).optional() }

/** A mark as it is kept on its topic, as JSON. */
export const STORED_MARK = z.object({
  ...REACH,
  tableUuid: z.string(),
  maxRevision: z.int().optional(),
  topicIds: z.record(z.string(), z.string()).optional(),
  refills: z
    .array(
      z.object({
        timeframe: z.string(),
        from: z.object(REACH),
        before: z.object({ ...PLACE, updatedAtUs: z.int() }),
      }),
    )
    .optional(),
})

/** The mark of a publisher that goes on behind this row. */
export function markAt(tableUuid: string, row: SendingPlace): Mark {
  return { tableUuid, ...reachAt(row) }
}

/** All rows up to this one. */
export function reachAt({ updatedAtUs, timeframe, dateTimeUs, source, symbol }: SendingPlace): Reach {
  return { stampUs: updatedAtUs, last: { timeframe, dateTimeUs, source, symbol } }
}

/** The first place behind all that was sent. */
export function placeBehind({ stampUs, last }: Reach): SendingPlace {
  return last === undefined
    ? { updatedAtUs: stampUs + 1, timeframe: '', dateTimeUs: 0, source: '', symbol: '' }
    : { updatedAtUs: stampUs, ...last, symbol: `${last.symbol}\0` }
}

/** True when all rows with this stamp or an older one were sent. */
export function isReached({ stampUs, last }: Reach, untilUs: Micros): boolean {
  return stampUs > untilUs || (stampUs === untilUs && last === undefined)
}

/** All of a row that decides when it is sent. */
export type SendingPlace = CandleKey & Pick<Candle, 'updatedAtUs'>

/** Negative, 0 or positive: which of two rows is sent first. */
export function bySendingOrder(a: SendingPlace, b: SendingPlace): number {
  return byPlace(a, b) || compare(a.source, b.source) || compare(a.symbol, b.symbol)
}

/** True for a row that the mark does not say was sent. */
export function isUnsent(candle: Candle, { stampUs, last }: Reach): boolean {
  if (candle.updatedAtUs !== stampUs) return candle.updatedAtUs > stampUs
  return last !== undefined && bySendingOrder(candle, { ...candle, ...last }) > 0
}

/** True for a row that its topic does not have yet: it was never sent, or is to be sent again. */
export function isWaiting(candle: Candle, mark: Mark): boolean {
  const timeframe = timeframeOfRemoved(candle.timeframe) ?? candle.timeframe
  const refill = mark.refills?.find(each => each.timeframe === timeframe)
  const isLacking = refill && isUnsent(candle, refill.from) && bySendingOrder(candle, refill.before) < 0
  return isLacking || isUnsent(candle, mark)
}

/** False only when all rows of the file were sent, as its bounds tell. */
export function mayHoldUnsent(file: DataFile, { stampUs, last }: Reach): boolean {
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
export function startOf(file: DataFile, { stampUs }: Reach): Place {
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
