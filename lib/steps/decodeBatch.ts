import { TickhouseError } from '../errors.ts'
import { type BadTickReason, decodeTick, isLate, type Tick } from '../market/tick.ts'
import type { KafkaRecord, RecordBatch } from '../ports.ts'
import type { Settings } from './services.ts'

/** A record and what came of it: a tick, or the reason why it is none. */
export type DecodedRecord =
  | { readonly record: KafkaRecord; readonly tick: Tick; readonly isLate: boolean }
  | BadRecord

/** A record that is no tick. */
export interface BadRecord {
  readonly record: KafkaRecord
  readonly tick: undefined
  readonly reason: BadTickReason
}

/** The records of one partition, by rising offset, each offset once. */
export interface DecodedBatch {
  readonly partition: number
  readonly records: readonly DecodedRecord[]
}

/** Parts good records from bad ones, whatever they contain. Throws `ForeignTopic` for a batch of another topic. */
export function decodeBatch({ topic, partition, records }: RecordBatch, settings: Settings): DecodedBatch {
  if (topic !== settings.ticksTopic) throw new ForeignTopic(topic, settings.ticksTopic)
  return { partition, records: inOrder(records).map(record => decodeRecord(record, settings)) }
}

function decodeRecord(record: KafkaRecord, { limits, graceMs }: Settings): DecodedRecord {
  const decoded = decodeTick(record.value, record.timestampMs, limits)
  return typeof decoded === 'string'
    ? { record, tick: undefined, reason: decoded }
    : { record, tick: decoded, isLate: isLate(decoded, record.timestampMs, graceMs) }
}

/** An event source delivers in order; a hand-made event may not. */
function inOrder(records: readonly KafkaRecord[]): readonly KafkaRecord[] {
  const isRising = records.every((record, i) => i === 0 || records[i - 1]!.offset < record.offset)
  if (isRising) return records
  const byOffset = new Map(records.map(record => [record.offset, record]))
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset)
}

/** The event source feeds ingest from a topic whose offsets the table does not count. */
export class ForeignTopic extends TickhouseError {
  constructor(found: string, wanted: string) {
    super(
      'FOREIGN_TOPIC',
      `a batch of topic ${found}, while TICKS_TOPIC is ${wanted}: the event source and the setting must name the same topic`,
    )
  }
}
