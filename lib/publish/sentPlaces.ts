import type { KafkaRecord, TopicLog } from '../ports.ts'
import { isRefilled, placeOfRecord } from './candleRecord.ts'
import { bySendingOrder, type SendingPlace } from './sendingOrder.ts'

/** The first read, in offsets from a partition's end; each further read is larger by the growth factor. */
const FIRST_WINDOW = 16
const WINDOW_GROWTH = 8
/** So many of a partition's first offsets are looked at: a minute's candles are far fewer. */
const FIRST_RECORDS = 10_000

/** Which records of a candle topic count: those that were sent for the first time, or those of a refill. */
export type Sent = 'once' | 'again'

/**
 * The row on a candle topic that was sent last; undefined when there is none. Each partition has its rows in the sending order,
 * and separately those of a refill: so the last one of each partition is enough.
 */
export async function lastSent(
  log: TopicLog,
  topic: string,
  timeframe: string,
  sent: Sent = 'once',
): Promise<SendingPlace | undefined> {
  const ranges = [...(await log.offsets(topic))]
  const ofPartitions = ranges.map(async ([partition, { low, high }]) => {
    let window = FIRST_WINDOW
    for (let end = high; end > low; end -= window, window *= WINDOW_GROWTH) {
      let last: SendingPlace | undefined
      for await (const records of log.records(topic, partition, Math.max(low, end - window), end)) {
        last = placesOf(records, timeframe, sent).at(-1) ?? last
      }
      if (last !== undefined) return last
    }
    return undefined
  })
  return inOrder(await Promise.all(ofPartitions)).at(-1)
}

/** The row on a candle topic that was sent first, without those of a refill; undefined when there is none. */
export async function firstSent(
  log: TopicLog,
  topic: string,
  timeframe: string,
): Promise<SendingPlace | undefined> {
  const ranges = [...(await log.offsets(topic))]
  const ofPartitions = ranges.map(async ([partition, { low, high }]) => {
    for await (const records of log.records(topic, partition, low, high)) {
      const [first] = placesOf(records, timeframe, 'once')
      if (first !== undefined) return first
    }
    return undefined
  })
  return inOrder(await Promise.all(ofPartitions))[0]
}

/**
 * True when something was sent again to a candle topic, as the first records of its partitions tell: it was made again, and
 * filled before much else came.
 */
export async function wasFilledAgain(log: TopicLog, topic: string): Promise<boolean> {
  for (const [partition, { low, high }] of await log.offsets(topic)) {
    for await (const records of log.records(topic, partition, low, Math.min(high, low + FIRST_RECORDS))) {
      if (records.some(isRefilled)) return true
    }
  }
  return false
}

function placesOf(records: readonly KafkaRecord[], timeframe: string, sent: Sent): SendingPlace[] {
  return records
    .filter(record => isRefilled(record) === (sent === 'again'))
    .map(record => placeOfRecord(record, timeframe))
    .filter(place => place !== undefined)
}

function inOrder(places: readonly (SendingPlace | undefined)[]): SendingPlace[] {
  return places.filter(place => place !== undefined).sort(bySendingOrder)
}
