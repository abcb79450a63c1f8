import type { OffsetRange, TopicLog } from '../ports.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'

/** Offsets of one partition that ingest has yet to take; `to` is not among them. */
export interface Unread {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** What Kafka has of each partition at or above the vector; partitions that are taken in whole are left out. */
export function unread(ranges: ReadonlyMap<number, OffsetRange>, vector: OffsetVector): Unread[] {
  return [...ranges]
    .map(([partition, { high }]) => ({ partition, from: nextOffset(vector, partition), to: high }))
    .filter(({ from, to }) => from < to)
}

/** A stretch that begins with a record. */
export interface Waiting extends Unread {
  /** The timestamp of the first record, milliseconds. */
  readonly timestampMs: number
}

/**
 * Shortens each stretch to begin with its first record that a `read_committed` reader sees. A stretch without one is left out:
 * a transaction marker at the end of a partition is never taken in.
 */
export async function waiting(log: TopicLog, topic: string, all: readonly Unread[]): Promise<Waiting[]> {
  const found = await Promise.all(
    all.map(async ({ partition, from, to }) => {
      const record = await log.firstFrom(topic, partition, from)
      if (record === undefined || record.offset >= to) return []
      return [{ partition, from: record.offset, to, timestampMs: record.timestampMs }]
    }),
  )
  return found.flat()
}

/** How many offsets that is, of all partitions: ingest's lag. */
export function countUnread(all: readonly Unread[]): number {
  return all.reduce((sum, { from, to }) => sum + to - from, 0)
}
