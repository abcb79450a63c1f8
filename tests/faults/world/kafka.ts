import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin, type Kafka, type KafkaMessage } from 'kafkajs'
import { registerCodecs } from '../../../plugins/offline-kafka/kafkajs/codecs.ts'
import { silenceNegativeTimeouts } from '../../../plugins/offline-kafka/kafkajs/warnings.ts'
import { until } from '../until.ts'

/** A plain client, nothing of the functions' own. */
export function plainKafka(broker: string): Kafka {
  registerCodecs()
  silenceNegativeTimeouts()
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
  return new kafkajs.Kafka({
    brokers: [broker],
    clientId: 'faults',
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { initialRetryTime: 100, retries: 4 },
  })
}

/** Runs something with an admin client of its own, again and again while Kafka is not ready for it. */
export function administer<T>(kafka: Kafka, what: string, run: (admin: Admin) => Promise<T>): Promise<T> {
  return until(what, async () => {
    const admin = kafka.admin()
    try {
      await admin.connect()
      return { result: await run(admin) }
    } finally {
      await admin.disconnect()
    }
  }).then(({ result }) => result)
}

/** The next offset to read, by partition. */
export type Offsets = ReadonlyMap<number, number>

/** One end of each partition: `low` is the first offset kept, `high` the next to be written. */
export async function rangesOf(
  kafka: Kafka,
  topic: string,
): Promise<Map<number, { low: number; high: number }>> {
  const found = await administer(kafka, `the offsets of ${topic}`, admin => admin.fetchTopicOffsets(topic))
  return new Map(
    found.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]),
  )
}

/** A record as a `read_committed` consumer gets it. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly message: KafkaMessage
}

/** What a plain consumer, in a group of its own, reads of [from, to) in each partition; `to` must be readable. */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  from: Offsets,
  to: Offsets,
): Promise<ReadRecord[]> {
  const wanted = [...to].filter(([partition, end]) => end > (from.get(partition) ?? 0))
  if (wanted.length === 0) return []
  const found = new Map<string, ReadRecord>()
  const reached = new Map<number, number>()
  const consumer = kafka.consumer({
    groupId: `faults-oracle-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  })
  // Within the join: the first fetch begins where it is told here.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const partition of to.keys()) {
      consumer.seek({ topic, partition, offset: String(from.get(partition) ?? 0) })
    }
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const message of messages) {
          const offset = Number(message.offset)
          if (offset < (to.get(partition) ?? 0))
            found.set(`${partition}/${offset}`, { partition, offset, message })
          reached.set(partition, Math.max(offset + 1, reached.get(partition) ?? 0))
        }
      },
    })
    await until(`${topic} is read to its end`, () =>
      wanted.every(([partition, end]) => (reached.get(partition) ?? 0) >= end),
    )
  } finally {
    await consumer.disconnect()
  }
  return [...found.values()].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}
