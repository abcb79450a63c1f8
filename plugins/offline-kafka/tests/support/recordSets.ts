import { recordJsonBytes } from '../../records/event.ts'
import { RecordFields } from '../../records/recordFields.ts'
import { readRecordSet } from '../../records/recordSet.ts'
import type { RecordBatch } from '../../records/records.ts'

/** What a producer sends. */
export interface Content {
  key: Buffer | null
  value: Buffer | null
  headers?: { name: string; value: Buffer | null }[]
  timestampMs?: number
}

/** What stands at the head of a batch: https://kafka.apache.org/documentation/#recordbatch */
export interface Head {
  baseOffset?: number
  /** Codec and flags. */
  attributes?: number
  producerId?: bigint
  baseTimestampMs?: bigint
  maxTimestampMs?: number
  /** Of each record, from the base offset; 0, 1, 2 … unless compaction has left gaps. */
  offsetDeltas?: readonly number[]
  lastOffsetDelta?: number
  compress?: (records: Buffer) => Buffer
}

const BASE_TIMESTAMP_MS = 1_700_000_000_000

/** A record batch as a broker stores it; its CRC is left 0. */
export function encodeBatch(contents: readonly Content[], head: Head = {}): Buffer {
  const { baseOffset = 0, attributes = 0, producerId = -1n, compress = (bytes: Buffer) => bytes } = head
  const deltas = head.offsetDeltas ?? contents.map((_, i) => i)
  const { baseTimestampMs = BigInt(BASE_TIMESTAMP_MS) } = head
  const encoded = contents.map((content, i) =>
    encodeRecord(content, deltas[i]!, baseOffset + deltas[i]!, baseTimestampMs),
  )
  const records = compress(Buffer.concat(encoded))
  const bytes = Buffer.alloc(61)
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(61 - 12 + records.length, 8)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(attributes, 21)
  bytes.writeInt32BE(head.lastOffsetDelta ?? deltas.at(-1) ?? 0, 23)
  bytes.writeBigInt64BE(baseTimestampMs, 27)
  bytes.writeBigInt64BE(BigInt(head.maxTimestampMs ?? BASE_TIMESTAMP_MS), 35)
  bytes.writeBigInt64BE(producerId, 43)
  bytes.writeInt32BE(contents.length, 57)
  return Buffer.concat([bytes, records])
}

/** The only batch of a piece of a log. */
export function batchOf(contents: readonly Content[], head?: Head): RecordBatch {
  return readRecordSet(encodeBatch(contents, head), [], 0).batches[0]!
}

/** Bytes of a content in the event's JSON, counted from its encoded form. */
export function contentJsonBytes(content: Content, offset: number): number {
  const fields = new RecordFields()
  fields.readSized(encodeRecord(content, 0, offset), 0)
  return recordJsonBytes(fields, offset, timestampOf(content, offset), false)
}

const timestampOf = (content: Content, offset: number) => content.timestampMs ?? BASE_TIMESTAMP_MS + offset

function encodeRecord(
  content: Content,
  offsetDelta: number,
  offset: number,
  baseTimestampMs = BigInt(BASE_TIMESTAMP_MS),
): Buffer {
  const { key, value, headers = [] } = content
  const body = Buffer.concat([
    Buffer.of(0),
    varint(BigInt(timestampOf(content, offset)) - baseTimestampMs),
    varint(offsetDelta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(header => [sized(Buffer.from(header.name)), sized(header.value)]),
  ])
  return Buffer.concat([varint(body.length), body])
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  for (let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)); ; left >>= 7n) {
    if (left < 0x80n) return Buffer.from([...bytes, Number(left)])
    bytes.push(Number(left & 0x7fn) | 0x80)
  }
}
