import kafkajs, { type ICustomPartitioner, type Message } from 'kafkajs'

const { DefaultPartitioner } = kafkajs.Partitioners

/** A message whose place may be chosen by something other than its key. */
export interface PlacedMessage extends Message {
  partitionKey?: string
}

/**
 * Java's partitioner for keys (the partition key when there is one), at random without one; it keeps to its first
 * answer for each message. Without that a retry may group keyless records anew, and Kafka, which tells a repeated
 * batch of an idempotent producer by its sequence numbers only, would drop records it has never seen.
 */
export const stablePartitioner: ICustomPartitioner = () => {
  const choose = DefaultPartitioner()
  const chosen = new WeakMap<Message, number>()
  return args => {
    const { message } = args
    const known = chosen.get(message)
    if (known !== undefined) return known
    const { partitionKey: key = message.key } = message as PlacedMessage
    const partition = choose({ ...args, message: { ...message, key: key ?? null } })
    chosen.set(message, partition)
    return partition
  }
}
