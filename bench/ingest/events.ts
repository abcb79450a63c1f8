import { kafkaClient } from '../../lib/kafka/client.ts'
import { LogSession } from '../../lib/kafka/logSession.ts'
import type { RawRecord } from '../../lib/kafka/visible.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import type { KafkaEvent, KafkaEventRecord } from '../../lib/lambda/kafkaEvent.ts'
import type { BenchWorld } from '../world.ts'

/** As `serverless.yml` has it; of ticks, so many stay below the 6 MB that an event may have. */
const BATCH_SIZE = 10_000
/** As the plugin fetches: so events mix partitions as it mixes them. */
const FETCH_BYTES = 1024 * 1024

interface Log {
  readonly partition: number
  readonly high: number
  next: number
  readonly waiting: KafkaEventRecord[]
}

/** All of the ticks topic as the event source would deliver it, in full events that mix partitions; read as they are taken. */
export async function* eventsOf({ sandbox, services }: BenchWorld): AsyncGenerator<KafkaEvent> {
  const topic = services.settings.ticksTopic
  const session = new LogSession(kafkaClient(readConfig(sandbox.env).kafka))
  try {
    const ranges = await session.ranges(topic)
    const logs = [...ranges].map(([partition, { low, high }]): Log => {
      return { partition, high, next: low, waiting: [] }
    })
    for (;;) {
      const records = await takeBatch(session, topic, logs)
      if (Object.keys(records).length === 0) return
      yield { records }
    }
  } finally {
    await session.close()
  }
}

/** Takes from one partition after the other until the batch is full; the first one is the last of the next batch. */
async function takeBatch(session: LogSession, topic: string, logs: Log[]): Promise<KafkaEvent['records']> {
  const records: Record<string, KafkaEventRecord[]> = {}
  let room = BATCH_SIZE
  for (const log of logs) {
    while (log.waiting.length < room && log.next < log.high) await fetchMore(session, topic, log)
    const taken = log.waiting.splice(0, room)
    if (taken.length > 0) records[`${topic}-${log.partition}`] = taken
    room -= taken.length
    if (room === 0) break
  }
  logs.push(logs.shift()!)
  return records
}

async function fetchMore(session: LogSession, topic: string, log: Log): Promise<void> {
  const { messages } = await session.fetch(topic, log.partition, log.next, FETCH_BYTES)
  for (const message of messages) {
    if (Number(message.offset) >= log.next) log.waiting.push(eventRecord(topic, log.partition, message))
  }
  log.next = Number(messages.at(-1)!.offset) + 1
}

function eventRecord(topic: string, partition: number, { offset, timestamp, key, value }: RawRecord) {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    timestampType: 'CREATE_TIME',
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: [],
  }
}
