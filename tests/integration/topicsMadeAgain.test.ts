import { afterAll, describe, expect, test } from 'vitest'
import { newTrust } from '../../lib/ingest/admit.ts'
import { adoptTopic, beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { ingestRest } from '../../lib/ingest/ingestRest.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { setTopicSettings } from '../../lib/kafka/topicSettings.ts'
import type { RecordBatch } from '../../lib/ports.ts'
import { publishCandles, readMark } from '../../lib/publish/publishCandles.ts'
import { type SetUpServices, setUp, topicSpecs } from '../../lib/setup/setUp.ts'
import { samplesOf } from '../../lib/status/metrics.ts'
import { observe } from '../../lib/status/observe.ts'
import { candle, storeCandles } from '../support/storeCandles.ts'
import { newWorld, SETTINGS, stateOf, storedTicks, tickJson } from '../support/world.ts'
import { KafkaWorld } from './kafkaWorld.ts'

const kafka = new KafkaWorld()
afterAll(() => kafka.close())

/** Tables in memory, and topics of its own on the real Kafka. */
async function openWorld() {
  const id = crypto.randomUUID().slice(0, 8)
  const settings = {
    ...SETTINGS,
    ticksTopic: `ticks-${id}`,
    deadLetterTopic: `ticks-${id}.dlq`,
    ingestGroup: `ingest-${id}`,
    candleTopicPrefix: `candle-${id}-`,
    markTopic: `mark-${id}`,
  }
  const world = await newWorld({ settings })
  const specs = topicSpecs(settings)
  await ensureTopics(kafka.kafka, specs)
  const services = { ...world.services, topicLog: kafka.log, topicWriter: kafka.writer }
  const { ticksTopic: topic } = settings
  const stamped = (ticks: readonly string[], timestampMs: number) =>
    ticks.map((tick, i) => ({
      key: Buffer.from('k'),
      value: Buffer.from(tick),
      timestampMs: timestampMs + i,
    }))
  return {
    ...world,
    services,
    topic,
    settings,
    specs,
    /** On partition 0, at times that follow one another. */
    produce: (ticks: readonly string[], timestampMs = world.clock.nowMs) =>
      kafka.append(topic, 0, stamped(ticks, timestampMs)),
    /** What an event source would bring of partition 0, in a process of its own. */
    async take(from: number, to: number) {
      const batch: RecordBatch = { topic, partition: 0, records: [] }
      const records = []
      for await (const some of kafka.log.records(topic, 0, from, to)) records.push(...some)
      return ingestTicks({ ...services, trust: newTrust() }, [{ ...batch, records }])
    },
    async makeAgain(name = topic) {
      await kafka.deleteTopic(name)
      await ensureTopics(kafka.kafka, specs)
    },
    publish() {
      const candleWriter = kafka.transactionalWriter(`publisher-${id}`)
      return publishCandles({ ...services, candleWriter, published: { mark: undefined } }, () => 300_000)
    },
    async onTopic(timeframe: string) {
      const found: string[] = []
      const name = settings.candleTopicPrefix + timeframe
      for (const [partition, { low, high }] of await kafka.log.offsets(name)) {
        for await (const records of kafka.log.records(name, partition, low, high)) {
          for (const { value } of records) {
            const { volume, revision } = JSON.parse(String(value))
            found.push(`${volume}:${revision}`)
          }
        }
      }
      return found.sort()
    },
  }
}

const ticks = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => tickJson(from + i))

describe('a ticks topic on Kafka', () => {
  test('made again with 80 records, 50 of them of the same times as before: all of them are in after new-epoch', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 50))
    await world.take(0, 50)
    await expect(beginEpoch(world.services, async () => {})).rejects.toMatchObject({ code: 'SAME_TOPIC' })
    await world.makeAgain()
    await world.produce(ticks(100, 180))
    await expect(world.take(0, 80)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await expect(world.take(50, 80)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await beginEpoch(world.services, async () => {})
    expect(await world.take(0, 80)).toMatchObject({ ticks: 80, skipped: 0 })
    expect(await storedTicks(world)).toHaveLength(130)
  })

  test('made again as a copy goes on with same-topic', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 5))
    await world.take(0, 5)
    await world.makeAgain()
    await world.produce(ticks(0, 7))
    await expect(world.take(5, 7)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await adoptTopic(world.services, async () => {})
    expect(await world.take(0, 7)).toMatchObject({ ticks: 2, skipped: 5 })
  })

  test('whose records were deleted is the same one; the 3 that were not read are lost', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 8))
    await world.take(0, 5)
    await kafka.cutBelow(world.topic, 0, 8)
    await world.produce(ticks(8, 10))
    expect(await world.take(8, 10)).toMatchObject({ ticks: 2 })
    expect((await stateOf(world)).totals.lost).toBe(3)
    await expect(beginEpoch(world.services, async () => {})).rejects.toMatchObject({ code: 'SAME_TOPIC' })
  })

  test('that gets more partitions is the same one', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 2))
    await world.take(0, 2)
    await kafka.addPartitions(world.topic, 6)
    await kafka.writer.close() // one that knows of 4 partitions writes to no other
    await kafka.append(world.topic, 5, [{ value: Buffer.from(tickJson(9)), timestampMs: world.clock.nowMs }])
    const rest = () => ingestRest(world.services, () => 60_000)
    await expect.poll(rest, { timeout: 15_000, interval: 200 }).toMatchObject({ ticks: 1 })
    expect((await stateOf(world)).vector).toMatchObject({
      epoch: 0,
      positions: [{}, { partition: 5, next: 1 }],
    })
  })

  test('whose last ingested record compaction has removed is the same one: what it left goes in once, the rest is lost', async () => {
    const world = await openWorld()
    const compact = { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001' }
    await setTopicSettings(
      kafka.kafka,
      Object.entries({ ...compact, 'max.compaction.lag.ms': '100' }).map(([setting, value]) => {
        return { topic: world.topic, setting, value }
      }),
    )
    await world.produce(ticks(0, 10))
    await world.take(0, 10)
    const lastIngested = async () => {
      // A segment is closed, and then compacted, only when another record comes.
      await world.produce([tickJson(1_000)], Date.now())
      return (await kafka.log.firstFrom(world.topic, 0, 9))?.offset
    }
    await expect.poll(lastIngested, { timeout: 200_000, interval: 500 }).toBeGreaterThan(9)
    const { high } = (await kafka.log.offsets(world.topic)).get(0)!
    await world.produce(ticks(20, 41))
    const result = await world.take(10, high + 21)
    expect(result.ticks).toBeGreaterThanOrEqual(21)
    const stored = await storedTicks(world)
    expect(new Set(stored).size).toBe(stored.length)
    const { totals, vector } = await stateOf(world)
    expect(totals.lost).toBeGreaterThan(0)
    expect(totals.ticks + totals.lost).toBe(vector.positions[0]!.next)
    await expect(beginEpoch(world.services, async () => {})).rejects.toMatchObject({ code: 'SAME_TOPIC' })
  })

  test('of which the group has passed over 6,000 records: they go in without it', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 6_000))
    await kafka.commitGroup(world.settings.ingestGroup, world.topic, new Map([[0, 6_000]]))
    expect(await ingestRest(world.services, () => 60_000)).toMatchObject({ ticks: 6_000 })
  })

  test('at whose end a transaction was ended has no lag', async () => {
    const world = await openWorld()
    const transaction = await kafka.begin()
    await transaction.append(world.topic, 0, [
      { value: Buffer.from(tickJson(1)), timestampMs: world.clock.nowMs },
    ])
    await transaction.commit()
    await expect.poll(() => kafka.log.firstFrom(world.topic, 0, 0)).toBeDefined()
    await world.take(0, 1)
    const lag = async () => {
      const samples = samplesOf(await observe(world.services))
      return samples.find(
        ({ name, labels }) => name === 'tickhouse_stage_lag_records' && labels?.stage === 'ingest',
      )
    }
    await expect.poll(async () => (await kafka.log.offsets(world.topic)).get(0)?.high).toBe(2)
    expect(await lag()).toMatchObject({ value: 0 })
    await world.produce([tickJson(2)])
    expect(await lag()).toMatchObject({ value: 1 })
  })

  test('with timestamps in seconds has dead letters that say so', async () => {
    const world = await openWorld()
    const seconds = Math.floor(world.clock.nowMs / 1_000)
    await world.produce(ticks(0, 3), seconds)
    expect(await world.take(0, 3)).toMatchObject({ ticks: 0, deadLetters: 3 })
    const letter = await kafka.log.last(world.settings.deadLetterTopic, 0)
    expect(String(letter?.headers['tickhouse.reason'])).toBe('record_timestamp')
  })

  test('that is gone stops ingest with the command that makes it, and then is a new one', async () => {
    const world = await openWorld()
    await world.produce(ticks(0, 2))
    await world.take(0, 2)
    await kafka.deleteTopic(world.topic)
    await expect(ingestRest(world.services, () => 60_000)).rejects.toThrow(/npm run set-up/)
    await ensureTopics(kafka.kafka, world.specs)
    await world.produce(ticks(0, 3))
    await expect(ingestRest(world.services, () => 60_000)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
  }, 60_000)
})

describe('topics of ours on Kafka', () => {
  test('a candle topic that is made again gets every newest revision, others nothing, and the mark too is found again', async () => {
    const world = await openWorld()
    const names = (count: number) => Array.from({ length: count }, (_, n) => `${n + 1}:1`).sort()
    const first = (count: number) => Array.from({ length: count }, (_, n) => candle(n + 1, 100))
    await storeCandles(world, first(300), [candle(1, 100, 1, 'h1')])
    await world.publish()
    await world.makeAgain(`${world.settings.candleTopicPrefix}m1`)
    expect(await world.publish()).toMatchObject({ sent: 300, complete: true })
    // Kafka shows the end of a transaction a moment after it has answered.
    await expect.poll(() => world.onTopic('m1')).toEqual(names(300))
    await world.makeAgain(world.settings.markTopic)
    expect(await world.publish()).toMatchObject({ sent: 0, complete: true })
    await storeCandles(world, [...first(299), candle(300, 200, 2)], [candle(1, 100, 1, 'h1')])
    expect(await world.publish()).toMatchObject({ sent: 1 })
    await expect.poll(() => world.onTopic('m1')).toEqual([...names(300), '300:2'].sort())
    expect(await world.onTopic('h1')).toEqual(['1:1'])
    await expect.poll(async () => (await readMark(world.services))?.stampUs).toBe(200)
  }, 60_000)

  test('set-up names what loses data with its cure, and sets that right alone when it is asked to', async () => {
    const world = await openWorld()
    const warnings: string[] = []
    const services: SetUpServices = {
      ...world.services,
      log: { debug() {}, info() {}, warn: (message: string) => void warnings.push(message) },
      ensureTopics: specs => ensureTopics(kafka.kafka, specs),
      setTopicSettings: settings => setTopicSettings(kafka.kafka, settings),
      brokers: 'kafka:9092',
    }
    const candles = `${world.settings.candleTopicPrefix}D1`
    await setTopicSettings(kafka.kafka, [
      { topic: world.topic, setting: 'cleanup.policy', value: 'compact' },
      { topic: world.topic, setting: 'retention.ms', value: '3600000' },
      { topic: world.topic, setting: 'segment.ms', value: '12345678' },
      { topic: candles, setting: 'cleanup.policy', value: 'delete' },
    ])
    await expect.poll(() => kafka.settingOf(candles, 'cleanup.policy')).toBe('delete')
    await setUp(services)
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toContain(`topic ${world.topic} has cleanup.policy compact, not delete`)
    expect(warnings[0]).toContain('npm run set-up -- --repair-topics')
    expect(warnings.join()).toContain(
      `--bootstrap-server kafka:9092 --alter --entity-type topics --entity-name ${candles} --add-config cleanup.policy=compact`,
    )
    warnings.length = 0
    await setUp(services, { repairTopics: true })
    await expect.poll(() => kafka.settingOf(candles, 'cleanup.policy')).toBe('compact')
    await setUp(services)
    expect(warnings).toEqual([])
    expect(await kafka.settingOf(world.topic, 'segment.ms')).toBe('12345678')
    await setTopicSettings(kafka.kafka, [{ topic: world.topic, setting: 'retention.ms', value: '86400000' }])
    await setUp(services)
    expect(warnings).toEqual([])
  }, 60_000)
})
