import { z } from 'zod'
import { type Candle, candleMessage } from '../market/candle.ts'
import { formatDateTime, parseDateTime } from '../market/time.ts'
import { removedTimeframe, timeframeOfRemoved } from '../market/timeframe.ts'
import type { KafkaRecord, OutgoingRecord } from '../ports.ts'
import type { Settings } from '../services.ts'
import type { SendingPlace } from './sendingOrder.ts'

/** A tombstone has no value to say it. */
const STAMP_HEADER = 'tickhouse.updated-at'
const REVISION_HEADER = 'tickhouse.revision'
/** On what is sent again to a topic that was made again: it stands there out of the order of stamps. */
const REFILL_HEADER = 'tickhouse.refill'

/** All candles of one symbol go to one partition, so that readers see them in order. One that was removed is a tombstone. */
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

/** True for what was sent again to a topic that was made again. */
export function isRefilled({ headers }: KafkaRecord): boolean {
  return headers[REFILL_HEADER] !== undefined
}

/**
 * The place in the sending order of the row that a record of a candle topic was made of. Undefined for what is no such record, or a
 * tombstone of a version that wrote no stamp on it.
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
