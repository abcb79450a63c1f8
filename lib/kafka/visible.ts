import type { KafkaRecord } from '../ports.ts'

/** A record as kafkajs decodes it from a fetch: committed, aborted and control records alike. */
export interface RawRecord {
  offset: string
  timestamp: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer | Buffer[] | null>
  isControlRecord: boolean
  /** Of the record batch it lay in. */
  batchContext: { firstOffset: string; lastOffsetDelta: number; producerId: string; inTransaction: boolean }
}

/** Kafka's note in a fetch that a producer's transaction, from `firstOffset` to its next marker, was aborted. */
export interface AbortedTransaction {
  producerId: string
  firstOffset: string
}

/** Type 0 of a control record's key (version int16, type int16) ends a transaction by aborting it. */
const ABORT_TYPE = 0

/**
 * What a `read_committed` reader sees of one fetched piece of a log, in order.
 * kafkajs has such a filter, but it takes the list of aborted transactions to be sorted by their first offset,
 * which Kafka does not promise, and any record with a key of four zero bytes for an abort marker.
 * https://kafka.apache.org/43/implementation/message-format/
 */
export function visibleRecords(
  records: readonly RawRecord[],
  aborted: readonly AbortedTransaction[],
): RawRecord[] {
  const upcoming = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<string>()
  return records.filter(record => {
    while (upcoming[0] && upcoming[0].firstOffset <= Number(record.offset)) {
      aborting.add(upcoming.shift()!.producerId)
    }
    const { producerId, inTransaction } = record.batchContext
    if (!record.isControlRecord) return !(inTransaction && aborting.has(producerId))
    if (record.key?.readInt16BE(2) === ABORT_TYPE) aborting.delete(producerId)
    return false
  })
}

/** The offset after the batches of a fetched piece, whose last records compaction may have removed. */
export function offsetAfter(records: readonly RawRecord[]): number | undefined {
  const last = records.at(-1)
  return last && Number(last.batchContext.firstOffset) + last.batchContext.lastOffsetDelta + 1
}

/** Our shape of a record; a header without a value has an empty one. */
export function toKafkaRecord({ offset, timestamp, key, value, headers }: RawRecord): KafkaRecord {
  const ownHeaders = Object.entries(headers).map(([name, given]) => [name, given ?? Buffer.alloc(0)])
  return {
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key,
    value,
    headers: Object.fromEntries(ownHeaders),
  }
}
