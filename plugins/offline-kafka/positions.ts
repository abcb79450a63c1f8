import type { Admin } from 'kafkajs'
import type { Mapping } from './definition.ts'

/**
 * Where to begin in partitions for which the group has no offset yet, when the mapping does not begin at the log's start:
 * partition → offset. Committed offsets win.
 */
export async function startingOffsets(
  admin: Admin,
  { topic, groupId, start }: Mapping,
): Promise<Map<number, number>> {
  if (start.at === 'TRIM_HORIZON') return new Map()
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
  const committed = new Set(
    group?.partitions.filter(({ offset }) => Number(offset) >= 0).map(({ partition }) => partition),
  )
  const offsets =
    start.at === 'LATEST'
      ? await admin.fetchTopicOffsets(topic)
      : await admin.fetchTopicOffsetsByTimestamp(topic, start.timestampMs)
  return new Map(
    offsets
      .filter(({ partition }) => !committed.has(partition))
      .map(({ partition, offset }) => [partition, Number(offset)]),
  )
}
