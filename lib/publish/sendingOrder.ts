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

/** How far the candles of one table are sent, and the refills that are not complete. */
export interface Mark extends Reach {
  readonly tableUuid: string
  /** The highest revision that was ever sent; missing in marks of earlier versions. */
  readonly maxRevision?: number | undefined
  /** Kafka's ids of the topics that candles were sent to, by timeframe; missing where they are unknown. */
  readonly topicIds?: Readonly<Record<string, string>> | undefined
  readonly refills?: readonly Refill[] | undefined
}

/** Rows that have to be sent again to the topic of a timeframe, as it was deleted and made again. */
export interface Refill {
  readonly timeframe: string
  /** How far they are sent again. */
  readonly from: Reach
  /** The first row that the refill does not need: it and later ones are on the topic, or are sent in the usual way. */
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

/** The reach of a publisher that has sent all rows up to this one. */
export function reachAt({ updatedAtUs, timeframe, dateTimeUs, source, symbol }: SendingPlace): Reach {
  return { stampUs: updatedAtUs, last: { timeframe, dateTimeUs, source, symbol } }
}

/** The first place after all rows of the reach. */
export function placeBehind({ stampUs, last }: Reach): SendingPlace {
  return last === undefined
    ? { updatedAtUs: stampUs + 1, timeframe: '', dateTimeUs: 0, source: '', symbol: '' }
    : { updatedAtUs: stampUs, ...last, symbol: `${last.symbol}\0` }
}

/** True when all rows with this stamp or an older one were sent. */
export function isReached({ stampUs, last }: Reach, untilUs: Micros): boolean {
  return stampUs > untilUs || (stampUs === untilUs && last === undefined)
}

/** The fields of a row that decide when it is sent. */
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

/** True for a row that its topic does not have yet: it was never sent, or a refill has to send it. */
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

/** Sorts after every timeframe. */
const LAST_TEXT = '\uffff'

function compare<Value extends number | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}
