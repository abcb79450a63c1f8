import kafkajs, { type Kafka } from 'kafkajs'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { type Candle, candleMessage } from '../../lib/market/candle.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import type { Services } from '../../lib/services.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { until } from '../faults/until.ts'

/** What a `read_committed` reader of all candle topics found, held against the table. */
export interface Audit {
  readonly messages: number
  readonly candles: number
  /** One sentence each; none when every rule held. */
  readonly faults: readonly string[]
}

/** The newest message of a candle. */
interface Newest {
  readonly partition: number
  readonly revision: number
  readonly value: string
}

/**
 * Reads the candle topics from their beginning: no revision twice, none after a higher one, all candles of a symbol in
 * one partition, and each candle's last message equal to its row in Iceberg.
 */
export async function audit(
  { catalog, store, settings }: Pick<Services, 'catalog' | 'store' | 'settings'>,
  brokers: readonly string[],
): Promise<Audit> {
  const faults: string[] = []
  const newest = new Map<string, Newest>()
  const places = new Map<string, number>()
  let messages = 0
  const topics = TIMEFRAMES.map(({ name }) => settings.candleTopicPrefix + name)
  await readAll(brokers, topics, (topic, partition, key, value) => {
    messages += 1
    const { source, symbol, revision } = JSON.parse(value)
    const id = `${topic} ${key}`
    const before = newest.get(id)
    if (before && revision <= before.revision)
      faults.push(`${id}: revision ${revision} after ${before.revision}`)
    newest.set(id, { partition, revision, value })
    const ofSymbol = `${topic} ${source} ${symbol}`
    if ((places.get(ofSymbol) ?? partition) !== partition) faults.push(`${ofSymbol}: in two partitions`)
    places.set(ofSymbol, partition)
  })
  const files = await planFiles(store, await catalog.loadTable(CANDLES_TABLE))
  let candles = 0
  for (const file of files) {
    for (const candle of await readCandles(store, file)) {
      candles += 1
      const fault = compare(settings.candleTopicPrefix, candle, newest)
      if (fault) faults.push(fault)
    }
  }
  for (const id of newest.keys()) faults.push(`${id}: on its topic, and not in the table`)
  return { messages, candles, faults }
}

/** Takes the candle's newest message out. */
function compare(prefix: string, candle: Candle, newest: Map<string, Newest>): string | undefined {
  const { key, value } = candleMessage(candle)
  const id = `${prefix}${candle.timeframe} ${key}`
  const found = newest.get(id)
  newest.delete(id)
  if (!found) return `${id}: never sent`
  return found.value === value ? undefined : `${id}: last sent ${found.value}, in the table ${value}`
}

type OnMessage = (topic: string, partition: number, key: string, value: string) => void

/** Begins the keys of messages that say only: here ends what an audit looked at. */
const END = 'end of audit '

/** Every message that is on the topics now, by a plain consumer that is nothing of ours. */
async function readAll(brokers: readonly string[], topics: string[], onMessage: OnMessage): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const end = END + crypto.randomUUID()
  const unread = await markEnds(kafka, topics, end)
  const next = new Map<string, number>()
  const consumer = kafka.consumer({ groupId: end, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { topic, partition, messages } }) => {
      const log = `${topic}/${partition}`
      for (const { offset, key, value } of messages) {
        // A consumer that has to join again begins again.
        if (Number(offset) < (next.get(log) ?? 0)) continue
        next.set(log, Number(offset) + 1)
        if (String(key) === end) unread.delete(log)
        else if (!String(key).startsWith(END)) onMessage(topic, partition, String(key), String(value))
      }
    },
  })
  await until('the candle topics are read to their ends', () => unread.size === 0, 180_000)
  await consumer.disconnect()
}

/** Puts a last message on every partition; gives the partitions. */
async function markEnds(kafka: Kafka, topics: string[], end: string): Promise<Set<string>> {
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  const { topics: known } = await admin.fetchTopicMetadata({ topics })
  const topicMessages = known.map(({ name, partitions }) => ({
    topic: name,
    messages: partitions.map(({ partitionId }) => ({ key: end, value: '', partition: partitionId })),
  }))
  await producer.sendBatch({ topicMessages })
  await Promise.all([admin.disconnect(), producer.disconnect()])
  const places = topicMessages.flatMap(({ topic, messages }) =>
    messages.map(({ partition }) => `${topic}/${partition}`),
  )
  return new Set(places)
}
