import type { OffsetRange } from '../ports.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'

/**
 * Where the event source goes on, by partition: at the table's offsets. Below what retention has left there is nothing to go
 * back to.
 */
export function startOffsets(
  vector: OffsetVector,
  ranges: ReadonlyMap<number, Pick<OffsetRange, 'low'>>,
): Map<number, number> {
  return new Map(
    [...ranges].map(([partition, { low }]) => [partition, Math.max(low, nextOffset(vector, partition))]),
  )
}
