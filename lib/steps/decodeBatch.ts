import { type BadTickReason, decodeTick, isLate, type Tick } from '../market/tick.ts'
import type { KafkaRecord, RecordBatch } from '../ports.ts'
import type { Settings } from './services.ts'

/** A record and what came of it: a tick, or the reason why it is none. */
export interface DecodedRecord {
  readonly record: KafkaRecord
  readonly tick: Tick | undefined
  readonly reason: BadTickReason | undefined
  readonly late: boolean
}

/** The records of one partition, by rising offset, each offset once. */
export interface DecodedBatch {
  readonly partition: number
  readonly records: readonly DecodedRecord[]
}

/** Parts good records from bad ones. Never throws because of what a record contains. */
export function decodeBatch(batch: RecordBatch, settings: Settings): DecodedBatch {
  return {
    partition: batch.partition,
    records: inOrder(batch.records).map(record => decodeRecord(record, settings)),
  }
}

function decodeRecord(record: KafkaRecord, { limits, graceMs }: Settings): DecodedRecord {
  const decoded = decodeTick(record.value, record.timestampMs, limits)
  return typeof decoded === 'string'
    ? { record, tick: undefined, reason: decoded, late: false }
    : { record, tick: decoded, reason: undefined, late: isLate(decoded, record.timestampMs, graceMs) }
}

/** An event source delivers in order; a hand-made event may not. */
function inOrder(records: readonly KafkaRecord[]): readonly KafkaRecord[] {
  const rising = records.every((record, i) => i === 0 || records[i - 1]!.offset < record.offset)
  if (rising) return records
  const byOffset = new Map(records.map(record => [record.offset, record]))
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset)
}
