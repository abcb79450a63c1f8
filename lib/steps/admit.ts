import { TickhouseError } from '../errors.ts'
import type { KafkaRecord, TopicLog } from '../ports.ts'
import { nextOffset, type OffsetVector, positionOf } from '../tables/offsetVector.ts'
import type { DecodedBatch } from './decodeBatch.ts'
import type { Services } from './services.ts'

/** Records of one partition that the table does not have yet, and how many before them retention took away. */
export interface AdmittedBatch extends DecodedBatch {
  readonly lost: number
}

/** A partition's log is looked at again when this process has not seen it for so long: a topic is not made anew faster. */
const TRUSTED_FOR_MS = 5_000

/** Where this process last left each partition; it lives as long as the process is warm. */
export type Trust = Map<number, { readonly next: number; readonly atMs: number }>

/**
 * Cuts each batch to what lies at or above the table's vector, and makes sure that it continues the vector.
 * Throws `TopicRecreated` when the log is not the one that the vector speaks of, and `OffsetGap` when records
 * between the vector and the batch would be skipped.
 */
export async function admit(
  { topicLog, settings: { ticksTopic: topic }, nowMs }: Pick<Services, 'topicLog' | 'settings' | 'nowMs'>,
  vector: OffsetVector,
  batches: readonly DecodedBatch[],
  trust: Trust,
): Promise<AdmittedBatch[]> {
  const admitted = await Promise.all(
    batches.map(async ({ partition, records }) => {
      const next = nextOffset(vector, partition)
      const rest = records.filter(({ record }) => record.offset >= next)
      const continues = rest.length === records.length && isTrusted(trust, partition, next, nowMs())
      if (!continues) await checkSameTopic(topicLog, topic, vector, partition)
      const lost = await checkNoGap(topicLog, topic, partition, next, rest[0]?.record)
      return { partition, records: rest, lost }
    }),
  )
  return admitted.filter(({ records }) => records.length > 0)
}

/** Remembers that the log was seen to continue up to here. */
export function remember(trust: Trust, vector: OffsetVector, atMs: number): void {
  for (const { epoch, partition, next } of vector.positions) {
    if (epoch === vector.epoch) trust.set(partition, { next, atMs })
  }
}

function isTrusted(trust: Trust, partition: number, next: number, atMs: number): boolean {
  const seen = trust.get(partition)
  return seen !== undefined && seen.next === next && atMs - seen.atMs < TRUSTED_FOR_MS
}

/** Kafka shows clients of this age no topic id: the record below the vector, told by its timestamp, stands for it. */
async function checkSameTopic(
  log: TopicLog,
  topic: string,
  vector: OffsetVector,
  partition: number,
): Promise<void> {
  const position = positionOf(vector, partition)
  if (position === undefined || position.next === 0) return
  const lastRead = position.next - 1
  const { low } = await rangeOf(log, topic, partition)
  if (low > lastRead) return
  const found = await log.firstFrom(topic, partition, lastRead)
  const same = found?.offset === lastRead && found.timestampMs === position.timestampMs
  if (!same) throw new TopicRecreated(topic, partition, lastRead)
}

async function checkNoGap(
  log: TopicLog,
  topic: string,
  partition: number,
  next: number,
  first: KafkaRecord | undefined,
): Promise<number> {
  if (first === undefined || first.offset === next) return 0
  const expected = await log.firstFrom(topic, partition, next)
  if (expected?.offset !== first.offset) throw new OffsetGap(topic, partition, next, first.offset)
  const { low } = await rangeOf(log, topic, partition)
  return Math.max(0, Math.min(low, first.offset) - next)
}

async function rangeOf(log: TopicLog, topic: string, partition: number) {
  const range = (await log.offsets(topic)).get(partition)
  if (range === undefined) throw new TopicRecreated(topic, partition, 0)
  return range
}

export class TopicRecreated extends TickhouseError {
  constructor(topic: string, partition: number, offset: number) {
    super(
      'TOPIC_RECREATED',
      `${topic} partition ${partition} no longer has the record that was ingested from offset ${offset}: the topic was deleted and made anew. If that was meant, begin a new epoch: npm run offsets -- new-epoch`,
    )
  }
}

export class OffsetGap extends TickhouseError {
  constructor(topic: string, partition: number, next: number, first: number) {
    super(
      'OFFSET_GAP',
      `${topic} partition ${partition}: the table has everything below offset ${next}, the batch begins at ${first}, and Kafka still has records in between. Move the consumer group back: npm run offsets -- rewind`,
    )
  }
}
