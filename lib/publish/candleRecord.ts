import { z } from 'zod'
import { type Candle, candleMessage } from '../market/candle.ts'
import { formatDateTime, parseDateTime } from '../market/time.ts'
import { removedTimeframe, timeframeOfRemoved } from '../market/timeframe.ts'
import type { KafkaRecord, OutgoingRecord } from '../ports.ts'
import type { Settings } from '../services.ts'
import type { SendingPlace } from './sendingOrder.ts'

/** Headers of tombstones, which have no value for these fields. */
const STAMP_HEADER = 'tickhouse.updated-at'
const REVISION_HEADER = 'tickhouse.revision'
/** Marks records that are sent again to a topic that was made again: there they are out of the order of stamps. */
const REFILL_HEADER = 'tickhouse.refill'

/** The record of a candle; a removed one is a tombstone. All candles of a symbol go to one partition, so readers see them in order. */
export function candleRecord(
  { candleTopicPrefix }: Settings,
  candle: Candle,
  isRefill = false,
): OutgoingRecord {
  const { source, symbol, timeframe, revision, updatedAtUs } = candle
  const removed = timeframeOfRemoved(timeframe)
  const { key, value } = candleMessage(candle)
  const headers = {
    ...(removed && { [STAMP_HEADER]: formatDateTime(updatedAtUs), [REVISION_HEADER]: String(revision) }),
    ...(isRefill && { [REFILL_HEADER]: 'true' }),
  }
  return {
    topic: candleTopicPrefix + (removed ?? timeframe),
    partitionKey: JSON.stringify([source, symbol]),
    key,
    value: removed === undefined ? value : null,
    ...(Object.keys(headers).length > 0 && { headers }),
  }
}

const KEY = z.tuple([z.string(), z.string(), z.string()])
const VALUE = z.object({ updatedAt: z.string() })

/** True for a record that was sent again to a topic that was made again. */
export function isRefilled({ headers }: KafkaRecord): boolean {
  return headers[REFILL_HEADER] !== undefined
}

/**
 * The place in the sending order of the row that a record was made from. Undefined for a record that is not a candle, and for a
 * tombstone without a stamp, as earlier versions of tickhouse sent them.
 */
export function placeOfRecord(record: KafkaRecord, timeframe: string): SendingPlace | undefined {
  const { key, value, headers } = record
  const parts = KEY.safeParse(parse(key))
  const updatedAt =
    value === null ? String(headers[STAMP_HEADER]) : VALUE.safeParse(parse(value)).data?.updatedAt
  if (!parts.success || updatedAt === undefined) return undefined
  const [source, symbol, dateTime] = parts.data
  const dateTimeUs = parseDateTime(dateTime)
  const updatedAtUs = parseDateTime(updatedAt)
  if (dateTimeUs === undefined || updatedAtUs === undefined) return undefined
  return {
    source,
    symbol,
    timeframe: value === null ? removedTimeframe(timeframe) : timeframe,
    dateTimeUs,
    updatedAtUs,
  }
}

function parse(bytes: Uint8Array | null): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString())
  } catch {
    return undefined
  }
}
