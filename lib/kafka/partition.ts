import kafkajs, { type ICustomPartitioner, type Message, type PartitionMetadata } from 'kafkajs'

const { DefaultPartitioner } = kafkajs.Partitioners

/**
 * kafkajs's partitioner (Java's for keys, at random without one) that keeps to its first answer for each message.
 * Without that a retry may group keyless records anew, and Kafka, which tells a repeated batch of an idempotent
 * producer by its sequence numbers only, would drop records it has never seen.
 */
export const stablePartitioner: ICustomPartitioner = () => {
  const choose = DefaultPartitioner()
  const chosen = new WeakMap<Message, number>()
  return args => {
    const partition = chosen.get(args.message) ?? choose(args)
    chosen.set(args.message, partition)
    return partition
  }
}

/** The partition that Kafka's own clients choose for a key, 0 to `partitionCount` - 1. */
export function partitionOf(key: string | Uint8Array, partitionCount: number): number {
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionId,
  })) as PartitionMetadata[]
  const message = { key: Buffer.from(key), value: null }
  return DefaultPartitioner()({ topic: '', partitionMetadata, message })
}
