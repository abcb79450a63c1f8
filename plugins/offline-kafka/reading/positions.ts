import type { Mapping } from '../config/definition.ts'
import type { Cluster } from '../kafkajs/cluster.ts'

/** Partition → offset. */
export type Offsets = ReadonlyMap<number, number>

/**
 * Where to begin in each partition that the topic has now, for a group without committed offsets; a partition that is
 * added later begins at its first record, whatever the mapping says, so that none of its records is missed.
 */
export async function startingOffsets(cluster: Cluster, { topic, start }: Mapping): Promise<Offsets> {
  if (start.at === 'TRIM_HORIZON') return new Map()
  const time = start.at === 'LATEST' ? { fromBeginning: false } : { fromTimestamp: start.timestampMs }
  const offsets = await offsetsAt(cluster, topic, allPartitions(cluster, topic), time)
  const isAfterAll = [...offsets].filter(([, offset]) => offset < 0).map(([partition]) => partition)
  const ends = await offsetsAt(cluster, topic, isAfterAll, { fromBeginning: false })
  return new Map([...offsets, ...ends])
}

/** Where the log begins in each of these partitions. */
export async function firstOffsets(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
): Promise<Offsets> {
  return offsetsAt(cluster, topic, partitions, { fromBeginning: true })
}

/** Where a partition goes on whose offset is out of range: at the end for LATEST, else at the beginning. */
export async function resetOffset(
  cluster: Cluster,
  { topic, start }: Mapping,
  partition: number,
): Promise<number> {
  const offsets = await offsetsAt(cluster, topic, [partition], { fromBeginning: start.at !== 'LATEST' })
  return offsets.get(partition)!
}

/** The partitions of the topic, as of the cluster's last refresh. */
export function allPartitions(cluster: Cluster, topic: string): number[] {
  return cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
}

/** -1 for a time after the last record. */
async function offsetsAt(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
  time: { fromBeginning: boolean } | { fromTimestamp: number },
): Promise<Offsets> {
  if (partitions.length === 0) return new Map()
  const wanted = partitions.map(partition => ({ partition }))
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: wanted, ...time }])
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
}
