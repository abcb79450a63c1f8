import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { integerLiteral } from '../trino/literals.ts'

/** SQL that holds for ticks at or above one vector (the beginning when undefined) and below another. */
export function betweenVectors(from: OffsetVector | undefined, to: OffsetVector): string {
  const spans = to.positions.map(({ epoch, partition, next }) => {
    const start = from === undefined ? 0 : nextOffset(from, partition, epoch)
    const [e, p, low, high] = [epoch, partition, start, next].map(integerLiteral)
    return `(kafka_epoch = ${e} AND kafka_partition = ${p} AND kafka_offset >= ${low} AND kafka_offset < ${high})`
  })
  return spans.length === 0 ? 'false' : spans.join(' OR ')
}
