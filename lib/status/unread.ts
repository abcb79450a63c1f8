import type { OffsetRange } from '../ports.ts'
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

/** How many offsets that is, of all partitions: ingest's lag. */
export function countUnread(all: readonly Unread[]): number {
  return all.reduce((sum, { from, to }) => sum + to - from, 0)
}
