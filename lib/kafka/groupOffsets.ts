import type { Kafka } from 'kafkajs'
import { TickhouseError } from '../errors.ts'
import { kafkaError, rootCause } from './errors.ts'

/** Sets a consumer group's offsets (next to be read, by partition). Throws `GroupActive` while it has members. */
export async function setGroupOffsets(
  kafka: Kafka,
  groupId: string,
  topic: string,
  offsets: ReadonlyMap<number, number>,
): Promise<void> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }))
    await admin.setOffsets({ groupId, topic, partitions })
  } catch (error) {
    if (/must have no running instances/.test(rootCause(error).message)) throw new GroupActive(groupId)
    throw kafkaError(error, `moving consumer group ${groupId}`, topic)
  } finally {
    await admin.disconnect()
  }
}

/** The group has members, whose own commits would undo ours. */
export class GroupActive extends TickhouseError {
  constructor(groupId: string) {
    super(
      'GROUP_ACTIVE',
      `consumer group ${groupId} has running members: stop them first (sls offline, or disable the event source mapping), then run this again`,
    )
  }
}
