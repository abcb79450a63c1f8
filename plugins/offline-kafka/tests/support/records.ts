import type { Slice } from '../../batching/batcher.ts'
import type { Mapping } from '../../config/definition.ts'
import type { Log } from '../../host.ts'
import { type RecordBatch, Records } from '../../records/records.ts'
import { batchOf } from './recordSets.ts'

/** A batch of consecutive records `value N` from `from` up to, not with, `to`; timestamps are 1_700_000_000_000 + offset. */
export const batch = (from: number, to: number): RecordBatch => {
  const contents = Array.from({ length: to - from }, (_, i) => ({
    key: null,
    value: Buffer.from(`value ${from + i}`),
  }))
  return batchOf(contents, { baseOffset: from })
}

/** All records of these batches. */
export const recordsOf = (...batches: RecordBatch[]): Records =>
  new Records(batches.map(one => ({ batch: one, from: 0, to: one.length })))

export const slice = (partition: number, from: number, to: number): Slice => ({
  partition,
  records: recordsOf(batch(from, to)),
  nextOffset: to,
})

/** `0:3-5`: offsets of a slice's first and last record. */
export const range = ({ partition, records }: Slice): string =>
  `${partition}:${records.at(0)!.offset}-${records.at(-1)!.offset}`

export const silent: Log = { notice() {}, error() {}, warning() {}, info() {}, debug() {} }

/** A mapping of topic `t` to function `f`, with Lambda's defaults. */
export const mapping = (changes: Partial<Mapping> = {}): Mapping => ({
  functionKey: 'f',
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
