import type { Slice } from '../batcher.ts'
import type { Mapping } from '../definition.ts'
import type { SourceRecord } from '../event.ts'

/** A record as kafkajs gives it. */
export const record = (offset: number, value: string | null = `value ${offset}`): SourceRecord => ({
  offset: String(offset),
  timestamp: String(1_700_000_000_000 + offset),
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: {},
})

/** Consecutive records from `from` up to, not with, `to`. */
export const records = (from: number, to: number): SourceRecord[] =>
  Array.from({ length: to - from }, (_, i) => record(from + i))

export const slice = (partition: number, from: number, to: number): Slice<SourceRecord> => ({
  partition,
  records: records(from, to),
  nextOffset: to,
})

/** A mapping of topic `t` to function `f`, with Lambda's defaults. */
export const mapping = (changes: Partial<Mapping> = {}): Mapping => ({
  functionKey: 'f',
  functionTimeoutMs: 6000,
  topic: 't',
  groupId: 'g',
  bootstrapServers: ['a:9092', 'b:9092'],
  enabled: true,
  batchSize: 100,
  windowMs: 500,
  start: { at: 'TRIM_HORIZON' },
  reportBatchItemFailures: false,
  maximumRetries: Number.POSITIVE_INFINITY,
  maximumRecordAgeMs: Number.POSITIVE_INFINITY,
  bisect: false,
  onFailureDestination: undefined,
  filters: [],
  ...changes,
})
