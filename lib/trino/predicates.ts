import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'

/** SQL that holds for ticks at or above one vector (the beginning when undefined) and below another. */
export function betweenVectors(from: OffsetVector | undefined, to: OffsetVector): string {
  const spans = to.positions.map(({ epoch, partition, next }) => {
    const start = from === undefined ? 0 : nextOffset(from, partition, epoch)
    return `(kafka_epoch = ${epoch} AND kafka_partition = ${partition} AND kafka_offset >= ${start} AND kafka_offset < ${next})`
  })
  return spans.length === 0 ? 'false' : spans.join(' OR ')
}
