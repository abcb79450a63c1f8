import type { OffsetRange } from '../ports.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'

/**
 * The offsets at which the event source goes on, by partition: those of the table, or Kafka's lowest offset where retention has
 * removed more.
 */
export function startOffsets(
  vector: OffsetVector,
  ranges: ReadonlyMap<number, Pick<OffsetRange, 'low'>>,
): Map<number, number> {
  return new Map(
    [...ranges].map(([partition, { low }]) => [partition, Math.max(low, nextOffset(vector, partition))]),
  )
}
