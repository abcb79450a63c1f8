import { setTimeout } from 'node:timers/promises'
import kafkajs, { type Kafka, type Message } from 'kafkajs'
import { inject } from 'vitest'
import { readConfig } from '../../lib/lambda/config.ts'
import { type Connections, connect } from '../../lib/lambda/connect.ts'
import { jsonLines } from '../../lib/lambda/log.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import type { Settings } from '../../sandbox/settings.ts'
import type { OracleCandle } from '../support/foldTicks.ts'

/** The environment that points at the tests' own servers. */
export function sandboxEnv(): Record<string, string> {
  return inject('sandboxEnv')
}

/** Where those servers are, and their data. */
export function sandboxSettings(): Settings {
  return inject('sandboxSettings')
}

/** The project's own adapters on the tests' servers. */
export function services(env: Record<string, string> = {}): Connections {
  return connect(readConfig({ ...sandboxEnv(), ...env }), jsonLines({ function: 'test' }))
}

/** A plain Kafka client, nothing of the project's. */
export function plainKafka(): Kafka {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
  return new kafkajs.Kafka({
    brokers: sandboxEnv().KAFKA_BROKERS!.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
  })
}

export async function sendMessages(topic: string, messages: Message[]): Promise<void> {
  const producer = plainKafka().producer()
  await producer.connect()
  try {
    await producer.send({ topic, messages })
  } finally {
    await producer.disconnect()
  }
}

/** One message of a topic, as a plain `read_committed` consumer gets it. */
export interface Read {
  topic: string
  partition: number
  offset: number
  key: string | null
  value: string | null
  headers: Record<string, string>
}

/** Everything that is on the topics now, as text. */
export async function readTopics(topics: readonly string[]): Promise<Read[]> {
  return (await readMessages(topics)).map(toRead)
}

/** A message as it is: bytes. */
export interface PlacedMessage {
  topic: string
  partition: number
  message: kafkajs.KafkaMessage
}

/** Everything that is on the topics now, as bytes. */
export async function readMessages(topics: readonly string[]): Promise<PlacedMessage[]> {
  const kafka = plainKafka()
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map<string, number>()
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high))
    }
  }
  await admin.disconnect()
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, readUncommitted: false })
  const found: PlacedMessage[] = []
  const reached = new Map<string, number>()
  // Of a batch that holds nothing but markers and aborted records, this alone tells.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
    const log = `${topic}/${partition}`
    reached.set(log, Math.max(Number(lastOffset) + 1, reached.get(log) ?? 0))
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { topic, partition, messages } }) => {
      // A consumer that has to join again begins again.
      const next = reached.get(`${topic}/${partition}`) ?? 0
      const fresh = messages.filter(({ offset }) => Number(offset) >= next)
      for (const message of fresh) found.push({ topic, partition, message })
    },
  })
  await until('the topics are read to their ends', () =>
    [...ends].every(([log, end]) => (reached.get(log) ?? 0) >= end),
  )
  await consumer.disconnect()
  return found
}

function toRead({ topic, partition, message }: PlacedMessage): Read {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value?.toString() ?? null,
    headers: Object.fromEntries(headers),
  }
}

export const CANDLE_TOPICS = TIMEFRAMES.map(({ name }) => `candle_${name}`)

/** A candle as a consumer of `candle_*` reads it. */
export type CandleMessage = Omit<OracleCandle, 'start'> & {
  dateTime: string
  closed: boolean
  revision: number
  updatedAt: string
}

/** Every revision on the candle topics of this source, in the order in which each topic has them. */
export async function readCandleMessages(source: string): Promise<CandleMessage[]> {
  const messages = await readTopics(CANDLE_TOPICS)
  // Tombstones of removed candles have no value.
  const candles = messages.flatMap(({ value }) =>
    value === null ? [] : [JSON.parse(value) as CandleMessage],
  )
  return candles.filter(candle => candle.source === source)
}

/** Polls until the check holds; throws with its name when it does not within the time. */
export async function until<Result>(
  what: string,
  check: () => Result | Promise<Result>,
  deadlineMs = 180_000,
): Promise<NonNullable<Result>> {
  const endMs = Date.now() + deadlineMs
  for (;;) {
    const result = await check()
    if (result) return result as NonNullable<Result>
    if (Date.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await setTimeout(100)
  }
}
