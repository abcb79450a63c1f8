import { TickhouseError } from '../errors.ts'
import type { Table } from '../iceberg/table.ts'
import type { KafkaRecord, TopicLog } from '../ports.ts'
import type { Services } from '../services.ts'
import {
  nextOffset,
  type OffsetVector,
  type Position,
  positionOf,
  topicIdOf,
  UNKNOWN_TIME,
} from '../tables/offsetVector.ts'
import { cutBelow, type DecodedBatch } from './decodeBatch.ts'
import { lostBy } from './lost.ts'

/** Records of one partition that the table does not have yet. */
export interface AdmittedBatch extends DecodedBatch {
  /** The number of records that Kafka removed before they were read, by the offset of the next record that is there. */
  readonly lost: ReadonlyMap<number, number>
}

/** After this time without a batch, a partition is checked on Kafka again: a topic cannot be made again faster. */
const TRUSTED_FOR_MS = 5_000

/** What this process need not ask again; it lives as long as the process is warm. */
export interface Trust {
  /** As our last commit left it; undefined after a failure. */
  table: Table | undefined
  /** Where each partition was left, and when. */
  readonly logs: Map<number, { readonly next: number; readonly atMs: number }>
}

/** That of a process which has just begun. */
export function newTrust(): Trust {
  return { table: undefined, logs: new Map() }
}

/** The table's vector, and the topic's id when the batches were read; undefined where Kafka has no ids. */
export interface Known {
  readonly vector: OffsetVector
  readonly topicId: string | undefined
}

type AdmitServices = Pick<Services, 'topicLog' | 'settings' | 'nowMs'> & { readonly trust: Trust }

/**
 * Drops the records of each batch below the table's vector, and checks that the rest continues the vector.
 * Throws `TopicRecreated` when the topic is not the one of the vector, `LogTruncated` when a partition has lost its end,
 * `OffsetGap` when records between the vector and the batch would be skipped, and `NotOnKafka` for a batch that Kafka does
 * not have.
 */
export async function admit(
  { topicLog, settings: { ticksTopic: topic }, nowMs, trust }: AdmitServices,
  { vector, topicId }: Known,
  batches: readonly DecodedBatch[],
): Promise<AdmittedBatch[]> {
  const readId = topicIdOf(vector)
  const isOther = topicId !== undefined && readId !== undefined && topicId !== readId
  // While the table has no topic id, the records have to prove that the topic is the same.
  const isProven = topicId === readId
  const admitted = await Promise.all(
    batches.map(async batch => {
      const { partition } = batch
      const next = nextOffset(vector, partition)
      const rest = cutBelow(batch, next)
      const continues = rest === batch && isProven && isTrusted(trust, partition, next, nowMs())
      const position = positionOf(vector, partition) ?? newestPosition(vector)
      if (isOther) throw new TopicRecreated(topic, position)
      if (!continues && position !== undefined && !(await isSameLog(topicLog, topic, position))) {
        throw readId !== undefined && isProven
          ? new LogTruncated(topic, position)
          : new TopicRecreated(topic, position)
      }
      if (!continues) await checkOnKafka(topicLog, topic, partition, rest.records)
      const gone = await lostBefore(topicLog, topic, partition, next, rest.records[0])
      const lost = await lostBy(topicLog, topic, partition, { next, gone }, rest.records)
      return { ...rest, lost }
    }),
  )
  return admitted.filter(({ records }) => records.length > 0)
}

/** Remembers that the logs of these batches were seen to continue up to the vector. */
export function remember(
  trust: Trust,
  vector: OffsetVector,
  batches: readonly DecodedBatch[],
  atMs: number,
): void {
  for (const { partition } of batches)
    trust.logs.set(partition, { next: nextOffset(vector, partition), atMs })
}

/** The records of the batches at or above the vector. */
export function batchesFrom(vector: OffsetVector, batches: readonly DecodedBatch[]): DecodedBatch[] {
  return batches
    .map(batch => cutBelow(batch, nextOffset(vector, batch.partition)))
    .filter(({ records }) => records.length > 0)
}

function isTrusted(trust: Trust, partition: number, next: number, atMs: number): boolean {
  const seen = trust.logs.get(partition)
  return seen !== undefined && seen.next === next && atMs - seen.atMs < TRUSTED_FOR_MS
}

/**
 * The newest position of any partition, checked in place of one that was never read: a topic is made again with all its
 * partitions, and retention removes the newest record last.
 */
function newestPosition({ epoch, positions }: OffsetVector): Position | undefined {
  const present = positions.filter(position => position.epoch === epoch)
  return present.reduce<Position | undefined>(
    (newest, position) => (newest && newest.timestampMs >= position.timestampMs ? newest : position),
    undefined,
  )
}

/**
 * False when the partition ends below this position, or when the record just below it has another timestamp than the one that
 * was read. A record that retention or compaction removed proves nothing.
 */
export async function isSameLog(
  log: Pick<TopicLog, 'offsets' | 'firstFrom'>,
  topic: string,
  { partition, next, timestampMs }: Position,
): Promise<boolean> {
  const range = (await log.offsets(topic)).get(partition)
  if (range === undefined) return false
  const lastRead = next - 1
  if (next === 0 || range.low > lastRead) return true
  if (range.high <= lastRead) return false
  const found = await log.firstFrom(topic, partition, lastRead)
  return found?.offset !== lastRead || timestampMs === UNKNOWN_TIME || found.timestampMs === timestampMs
}

/**
 * Checks that Kafka has the records of an event, as an event can be made by hand. If retention removed the first records while
 * the batch waited, the remaining ones are checked: otherwise the event source would bring the batch for ever.
 */
async function checkOnKafka(
  log: TopicLog,
  topic: string,
  partition: number,
  records: readonly KafkaRecord[],
): Promise<void> {
  const [first] = records
  if (first === undefined || (await isOnKafka(log, topic, partition, first))) return
  const low = await lowOf(log, topic, partition)
  const left = records.find(({ offset }) => offset >= low)
  const isOvertaken = first.offset < low && (!left || (await isOnKafka(log, topic, partition, left)))
  if (!isOvertaken) throw new NotOnKafka(topic, partition, first.offset)
}

async function isOnKafka(
  log: TopicLog,
  topic: string,
  partition: number,
  { offset, timestampMs }: KafkaRecord,
): Promise<boolean> {
  const found = await log.firstFrom(topic, partition, offset)
  return found?.offset === offset && found.timestampMs === timestampMs
}

async function lowOf(log: TopicLog, topic: string, partition: number): Promise<number> {
  return (await log.offsets(topic)).get(partition)?.low ?? 0
}

/** Counts the records before the batch that retention removed; throws `OffsetGap` when Kafka still has records there. */
async function lostBefore(
  log: TopicLog,
  topic: string,
  partition: number,
  next: number,
  first: KafkaRecord | undefined,
): Promise<number> {
  if (first === undefined || first.offset === next) return 0
  const expected = await log.firstFrom(topic, partition, next)
  const low = await lowOf(log, topic, partition)
  const isNext = expected?.offset === first.offset || low > first.offset
  if (!isNext) throw new OffsetGap(topic, partition, next, first.offset)
  return Math.max(0, Math.min(low, first.offset) - next)
}

/** The topic is not the one of the vector. */
export class TopicRecreated extends TickhouseError {
  constructor(topic: string, position?: Position) {
    const read =
      position &&
      `: partition ${position.partition} was ingested up to offset ${position.next - 1} of another`
    super(
      'TOPIC_RECREATED',
      `${topic} was deleted and made again${read ?? ''}. If its records are new ones, begin a new epoch: npm run offsets -- new-epoch; if it is a copy, with the same records at the same offsets: npm run offsets -- same-topic`,
    )
  }
}

/** The topic is the one that was read, and a partition lost records at its end that were read. */
export class LogTruncated extends TickhouseError {
  constructor(topic: string, { partition, next }: Position) {
    super(
      'LOG_TRUNCATED',
      `${topic} partition ${partition} has lost its end on Kafka: offset ${next - 1} was ingested, and is missing or another record now. Kafka gives the lost offsets to new records; begin a new epoch for these: npm run offsets -- new-epoch`,
    )
  }
}

/** The batch was not read from this topic. */
export class NotOnKafka extends TickhouseError {
  constructor(topic: string, partition: number, offset: number) {
    super(
      'NOT_ON_KAFKA',
      `Kafka has no such record at offset ${offset} of ${topic} partition ${partition}: only what lies on the topic is ingested; send ticks to it instead`,
    )
  }
}

/** Going on would skip records that Kafka still has. */
export class OffsetGap extends TickhouseError {
  constructor(topic: string, partition: number, next: number, first: number) {
    super(
      'OFFSET_GAP',
      `${topic} partition ${partition}: the table has everything below offset ${next}, the batch begins at ${first}, and Kafka still has records in between. Move the consumer group back: npm run offsets -- rewind`,
    )
  }
}
