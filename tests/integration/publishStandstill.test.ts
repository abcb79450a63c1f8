import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { RecordTooLarge, TransactionTimedOut } from '../../lib/kafka/errors.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import { KafkaTransactionalWriter } from '../../lib/kafka/transactionalWriter.ts'
import { candleTopics, type PublishServices, publishCandles } from '../../lib/publish/publishCandles.ts'
import { topicSpecs } from '../../lib/setup/setUp.ts'
import { random } from '../faults/random.ts'
import { CandleTable } from '../publishFaults/candleTable.ts'
import { newWorld, SETTINGS } from '../support/world.ts'
import { type OwnKafka, startKafka } from './kafkaOfItsOwn.ts'
import { until } from './sandbox.ts'

/** What takes days on a broker as it comes, within seconds: after them nothing is left that can expire. */
const DAYS_IN_SECONDS = {
  'transactional.id.expiration.ms': 5_000, // it must outlast the way from an open to its first send
  'transaction.remove.expired.transaction.cleanup.interval.ms': 300,
  'producer.id.expiration.ms': 1_000,
  'producer.id.expiration.check.interval.ms': 300,
  'log.retention.ms': 1_000,
  'log.retention.check.interval.ms': 300,
  'log.roll.ms': 1_000,
  'log.cleaner.backoff.ms': 200,
  'log.cleaner.min.cleanable.ratio': 0.001,
  'log.cleaner.delete.retention.ms': 0,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 300,
}

let broker: OwnKafka
let log: KafkaTopicLog
let plain: KafkaTopicWriter
const writers: KafkaTransactionalWriter[] = []

beforeAll(async () => {
  broker = await startKafka(DAYS_IN_SECONDS)
  log = new KafkaTopicLog(broker.kafka)
  plain = new KafkaTopicWriter(broker.kafka)
})
afterAll(async () => {
  await Promise.all([log, plain, ...writers].map(each => each.close()))
  await broker.remove()
})

function openWriter(transactionalId: string, options: { timeoutMs?: number; maxRecords?: number } = {}) {
  const { maxRecords = 2_000, ...more } = options
  const limits = { maxBytes: 900_000, maxRecords }
  const writer = new KafkaTransactionalWriter(broker.kafka, { transactionalId, limits, ...more })
  writers.push(writer)
  return writer
}

async function createTopic(config: Record<string, string> = {}): Promise<string> {
  const topic = `test-${crypto.randomUUID()}`
  await ensureTopics(broker.kafka, [{ topic, partitions: 1, config }])
  return topic
}

const record = (topic: string, value = 'x') => ({ topic, partition: 0, key: 'key', value })

describe('after days of standstill', () => {
  /** A process of its own that publishes; its first call opens. */
  async function publisher(services: PublishServices) {
    const own = { ...services, candleWriter: openWriter('publisher'), published: { mark: undefined } }
    return () => publishCandles(own, () => 300_000)
  }

  /** All messages that compaction has left, as "topic key revision". */
  async function messages(): Promise<string[]> {
    const found: string[] = []
    for (const topic of candleTopics(SETTINGS)) {
      for (const partition of (await log.offsets(topic)).keys()) {
        for (let offset = 0; ; ) {
          const next = await log.firstFrom(topic, partition, offset)
          if (!next) break
          found.push(`${topic} ${next.key} ${JSON.parse(String(next.value)).revision}`)
          offset = next.offset + 1
        }
      }
    }
    return found
  }

  /** Retention has taken what it may, and the coordinator has forgotten who ever wrote. */
  async function standstill(): Promise<void> {
    const topic = await createTopic()
    await plain.send([record(topic)])
    // Each is asked once: its answer would keep it alive.
    const probes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const probe = openWriter(crypto.randomUUID())
        await probe.open()
        await probe.send([record(topic)])
        return probe
      }),
    )
    const answer = () =>
      probes
        .pop()!
        .send([record(topic)])
        .catch((error: Error) => error.message)
    const forgotten = expect.stringContaining('not currently assigned to its transactional id')
    await expect.poll(answer, { interval: 2_000, timeout: 40_000 }).toEqual(forgotten)
    await until('retention has run', async () => (await log.offsets(topic)).get(0)!.low > 0)
  }

  test('nothing is sent twice and nothing is missing, by a warm publisher as by a cold one', async () => {
    const { services } = await newWorld()
    await ensureTopics(broker.kafka, topicSpecs(SETTINGS))
    const table = new CandleTable(services, random(1))
    const onKafka = { ...services, topicLog: log }
    const warm = await publisher(onKafka)
    await table.commit(300, 0)
    expect(await warm()).toMatchObject({ sent: 300, transactions: 1 })
    for (let revisions = 1; revisions <= 2; revisions++) {
      await standstill()
      await table.commit(0, revisions)
      expect(await warm()).toMatchObject({ sent: revisions, transactions: 1, fenced: false })
    }
    await until('the marks before the last ones are compacted away', async () => {
      const first = await log.firstFrom(SETTINGS.markTopic, 0, 0)
      return first !== undefined && first.offset > 0
    })
    await standstill()
    expect(await warm()).toMatchObject({ sent: 0, transactions: 0 })
    const cold = await publisher(onKafka)
    expect(await cold()).toMatchObject({ sent: 0, transactions: 0 })
    await table.commit(10, 0)
    expect(await cold()).toMatchObject({ sent: 10, fenced: false })
    await table.commit(0, 20)
    expect(await warm()).toMatchObject({ sent: 20, fenced: false })

    const found = await messages()
    expect(new Set(found).size).toBe(found.length)
    const candles = new Set(found.map(each => each.slice(0, each.lastIndexOf(' '))))
    expect(candles.size).toBe(310)
  })
})

describe('a transaction that nobody ends', () => {
  test('holds readers up until its 10 s are over, not longer', async () => {
    const [topic, small] = [
      await createTopic({ 'retention.ms': '-1' }),
      await createTopic({ 'max.message.bytes': '1000' }),
    ]
    const writer = openWriter('dies half-way', { maxRecords: 1 })
    await writer.open()
    const tooLarge = writer.send([record(topic), record(small, 'x'.repeat(2_000))])
    await expect(tooLarge).rejects.toThrow(RecordTooLarge)
    await plain.send([record(topic, 'behind it')])
    expect(await log.last(topic, 0)).toBeUndefined()
    const behind = async () => String((await log.last(topic, 0))?.value) === 'behind it'
    await until('the transaction is over', behind, 20_000)
  })

  test('is told from one that a newer writer ended: TransactionTimedOut, and the next open goes on', async () => {
    const topic = await createTopic()
    const writer = openWriter('slow', { timeoutMs: 1, maxRecords: 1 })
    await writer.open()
    const records = Array.from({ length: 5_000 }, (_, i) => record(topic, String(i)))
    await expect(writer.send(records)).rejects.toThrow(TransactionTimedOut)
    await writer.open()
    expect(await log.last(topic, 0)).toBeUndefined()
  })
})
