import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { CodecFailed, UnreadableBatch } from '../errors.ts'
import { recordJsonBytes } from './event.ts'
import { inflateLz4Frame } from './lz4.ts'
import { RecordFields } from './recordFields.ts'
import { RecordBatch } from './records.ts'
import { inflateSnappy } from './snappy.ts'

/*
 * What a fetch brings of a partition: record batches (https://kafka.apache.org/documentation/#recordbatch), big-endian:
 *   base offset 8 | length 4 | leader epoch 4 | magic 1 | CRC 4 | attributes 2 | last offset delta 4 | base timestamp 8
 *   | max timestamp 8 | producer id 8 | producer epoch 2 | base sequence 4 | number of records 4 | records, as one compressed
 * The last batch may be cut off. CRCs are not verified: the broker has done it, and TCP since.
 */
const LENGTH_AT = 8
const LENGTH_END = 12
const MAGIC_AT = 16
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const BASE_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const COUNT_AT = 57
const RECORDS_AT = 61
const MAGIC = 2
const CODEC = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** Type 0 of a control record's key (version int16, type int16) ends a transaction by aborting it. */
const ABORT_TYPE = 0

/** By the codec bits of a batch's attributes. */
const INFLATE: Record<number, (bytes: Buffer) => Buffer> = {
  0: bytes => bytes,
  1: gunzipSync,
  2: inflateSnappy,
  3: inflateLz4Frame,
  4: zstdDecompressSync,
}

/** Kafka's note in a fetch: the producer's transaction, from `firstOffset` to its next marker, was aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** What a reader of committed records sees, and the offset after all that was looked at, markers included. */
export interface ReadRecords {
  batches: RecordBatch[]
  nextOffset: number
}

/**
 * Reads a fetched piece of a partition from `fromOffset` on; records keep pointing into `recordSet`, or into what a batch
 * was inflated to. Throws `CodecFailed` and `UnreadableBatch`.
 */
export function readRecordSet(
  recordSet: Buffer,
  aborted: readonly AbortedTransaction[],
  fromOffset: number,
): ReadRecords {
  const batches: RecordBatch[] = []
  const isAborted = abortedFilter(aborted)
  let nextOffset = fromOffset
  for (let at = 0; at + RECORDS_AT <= recordSet.length; ) {
    const end = at + LENGTH_END + recordSet.readInt32BE(at + LENGTH_AT)
    if (end > recordSet.length) break
    const batch = recordSet.subarray(at, end)
    at = end
    if (batch[MAGIC_AT] !== MAGIC) {
      throw new UnreadableBatch(`a batch of message format ${batch[MAGIC_AT]}, from before Kafka 0.11`)
    }
    const isSeen = !isAborted(batch) && (batch.readInt16BE(ATTRIBUTES_AT) & CONTROL) === 0
    if (isSeen) batches.push(readBatch(batch, fromOffset))
    nextOffset = Math.max(nextOffset, baseOffset(batch) + batch.readInt32BE(LAST_OFFSET_DELTA_AT) + 1)
  }
  return { batches: batches.filter(({ length }) => length > 0), nextOffset }
}

const baseOffset = (batch: Buffer) => Number(batch.readBigInt64BE(0))
const fields = new RecordFields()

function readBatch(batch: Buffer, fromOffset: number): RecordBatch {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT)
  const isLogAppendTime = (attributes & LOG_APPEND_TIME) !== 0
  const base = baseOffset(batch)
  const baseTimestampMs = batch.readBigInt64BE(BASE_TIMESTAMP_AT)
  const maxTimestampMs = Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT))
  const bytes = inflate(batch.subarray(RECORDS_AT), attributes & CODEC)
  const count = batch.readInt32BE(COUNT_AT)
  const records = new RecordBatch(bytes, isLogAppendTime, count)
  let at = 0
  for (let i = 0; i < count; i++) {
    const end = fields.readSized(bytes, at)
    if (!(end <= bytes.length)) throw new UnreadableBatch(`the batch at offset ${base} is cut off inside`)
    at = end
    const offset = base + fields.offsetDelta
    if (offset < fromOffset) continue
    const timestampMs = isLogAppendTime ? maxTimestampMs : sumOf(baseTimestampMs, fields.timestampDelta)
    const jsonBytes = recordJsonBytes(fields, offset, timestampMs, isLogAppendTime)
    records.add(offset, timestampMs, fields.start, end, jsonBytes)
  }
  return records
}

/** As a number, rounded once: where a producer sends times that are none, those beside them stay exact. */
function sumOf(base: bigint, delta: number | bigint): number {
  const baseNumber = Number(base)
  return typeof delta === 'number' && Number.isSafeInteger(baseNumber)
    ? baseNumber + delta
    : Number(base + BigInt(delta))
}

function inflate(bytes: Buffer, codec: number): Buffer {
  const inflateOne = INFLATE[codec]
  if (inflateOne === undefined) throw new CodecFailed(`Codec ${codec} is not known`)
  try {
    return inflateOne(bytes)
  } catch (cause) {
    if (cause instanceof CodecFailed) throw cause
    throw new CodecFailed('A compressed batch cannot be read', { cause })
  }
}

/** Tells, batch after batch in their order, which ones belong to an aborted transaction. */
function abortedFilter(aborted: readonly AbortedTransaction[]): (batch: Buffer) => boolean {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<bigint>()
  return batch => {
    const attributes = batch.readInt16BE(ATTRIBUTES_AT)
    if ((attributes & TRANSACTIONAL) === 0) return false
    const producerId = batch.readBigInt64BE(PRODUCER_ID_AT)
    const last = baseOffset(batch) + batch.readInt32BE(LAST_OFFSET_DELTA_AT)
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= last) {
      aborting.add(upcoming.shift()!.producerId)
    }
    if ((attributes & CONTROL) !== 0 && isAbortMarker(batch)) aborting.delete(producerId)
    return aborting.has(producerId)
  }
}

function isAbortMarker(batch: Buffer): boolean {
  fields.readSized(batch, RECORDS_AT)
  return fields.key?.readInt16BE(2) === ABORT_TYPE
}
