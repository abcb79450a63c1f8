import { TickhouseError } from '../errors.ts'
import { type BadTickReason, decodeTick } from '../market/tick.ts'
import type { KafkaRecord, RecordBatch } from '../ports.ts'
import type { Settings } from '../services.ts'
import { TickRows } from '../tables/tickRows.ts'

/** A record that is no tick. */
export interface BadRecord {
  readonly partition: number
  readonly record: KafkaRecord
  readonly reason: BadTickReason
}

/** The records of one partition, by rising offset, each offset once. */
export interface DecodedBatch {
  readonly partition: number
  readonly records: readonly KafkaRecord[]
  /** What came of each record: a tick, by its row, or the reason why it is none. */
  readonly outcomes: readonly (number | BadTickReason)[]
}

/** Parts good records from bad ones, whatever they contain. Throws `ForeignTopic` for a batch of another topic. */
export function decodeBatches(
  batches: readonly RecordBatch[],
  settings: Settings,
): { ticks: TickRows; batches: DecodedBatch[] } {
  const ticks = new TickRows(batches.reduce((sum, { records }) => sum + records.length, 0))
  return { ticks, batches: batches.map(batch => decodeBatch(batch, settings, ticks)) }
}

function decodeBatch(
  { topic, partition, records: delivered }: RecordBatch,
  { ticksTopic, limits }: Settings,
  ticks: TickRows,
): DecodedBatch {
  if (topic !== ticksTopic) throw new ForeignTopic(topic, ticksTopic)
  const records = inOrder(delivered)
  const outcomes = records.map(record => {
    const decoded = decodeTick(record.value, record.timestampMs, limits)
    return typeof decoded === 'string' ? decoded : ticks.add(decoded, partition, record)
  })
  return { partition, records, outcomes }
}

/** An event source delivers in order; a hand-made event may not. */
function inOrder(records: readonly KafkaRecord[]): readonly KafkaRecord[] {
  const isRising = records.every((record, i) => i === 0 || records[i - 1]!.offset < record.offset)
  if (isRising) return records
  const byOffset = new Map(records.map(record => [record.offset, record]))
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset)
}

/** The records of the batch from one place up to, not with, another; nothing is copied when that is all of them. */
export function cutBatch<Batch extends DecodedBatch>(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.records.length) return batch
  return { ...batch, records: batch.records.slice(from, to), outcomes: batch.outcomes.slice(from, to) }
}

/** What of the batch lies at or above an offset. */
export function cutBelow(batch: DecodedBatch, offset: number): DecodedBatch {
  const { length } = batch.records
  const from = batch.records.findIndex(record => record.offset >= offset)
  return cutBatch(batch, from < 0 ? length : from, length)
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
