import kafkajs from 'kafkajs'
import { afterAll, describe, expect, it } from 'vitest'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { RecordTooLarge, TopicMissing } from '../../lib/kafka/errors.ts'
import { setTopicSettings } from '../../lib/kafka/topicSettings.ts'
import { texts } from '../contracts/topicLog.ts'
import { partitionOf } from '../support/memoryProducers.ts'
import { KafkaWorld } from './kafkaWorld.ts'

const world = new KafkaWorld()
afterAll(() => world.close())

describe('ensureTopics', () => {
  const specs = () =>
    ['a', 'b', 'c'].map(letter => ({
      topic: `${letter}-${crypto.randomUUID()}`,
      partitions: 2,
      config: { 'cleanup.policy': 'compact,delete', 'max.message.bytes': '2000000' },
    }))

  it('creates 3 topics once, with their settings, when 5 callers race', async () => {
    const wanted = specs()
    const differences = await Promise.all(Array.from({ length: 5 }, () => ensureTopics(world.kafka, wanted)))
    expect(differences.flat()).toEqual([])
    for (const { topic } of wanted) expect((await world.log.offsets(topic)).size).toBe(2)
  })

  it('creates the 1 of 3 that is missing', async () => {
    const wanted = specs()
    await ensureTopics(world.kafka, wanted.slice(1))
    expect(await ensureTopics(world.kafka, wanted)).toEqual([])
    expect((await world.log.offsets(wanted[0]!.topic)).size).toBe(2)
  })

  it('reports 2 differences of a topic that exists, and leaves it as it is', async () => {
    const [spec] = specs()
    await ensureTopics(world.kafka, [spec!])
    const other = { ...spec!, partitions: 3, config: { 'cleanup.policy': 'delete' } }
    const { topic } = spec!
    const differences = [
      { topic, setting: 'partitions', wanted: '3', actual: '2' },
      { topic, setting: 'cleanup.policy', wanted: 'delete', actual: 'compact,delete' },
    ]
    expect(await ensureTopics(world.kafka, [other])).toEqual(differences)
    expect(await ensureTopics(world.kafka, [other])).toEqual(differences)
  })

  it('names the setting that Kafka refuses, and goes on once it is corrected', async () => {
    const [spec] = specs()
    const broken = { ...spec!, config: { 'cleanup.policy': 'nonsense' } }
    await expect(ensureTopics(world.kafka, [broken])).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      retryable: false,
    })
    expect(await ensureTopics(world.kafka, [spec!])).toEqual([])
  })
})

describe('a consumer group', () => {
  it('is not moved while it has members, and is once they have left', async () => {
    const topic = await world.createTopic(1)
    await world.append(topic, 0, texts('a', 'b'))
    const groupId = crypto.randomUUID()
    const consumer = world.kafka.consumer({ groupId })
    const joined = new Promise<void>(done => void consumer.on(consumer.events.GROUP_JOIN, () => done()))
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: async () => {} })
    await joined
    const move = () => world.commitGroup(groupId, topic, new Map([[0, 1]]))
    await expect(move()).rejects.toMatchObject({ code: 'GROUP_ACTIVE' })
    await consumer.disconnect()
    await move()
  })
})

describe('a topic writer', () => {
  it('writes 5,000 keyed records in order, each where partitionOf says', async () => {
    const topic = await world.createTopic(4)
    const keys = Array.from({ length: 5_000 }, (_, i) => `key ${i}`)
    await world.writer.send(keys.map(key => ({ topic, key, value: key })))
    const expected = [0, 1, 2, 3].map(partition => keys.filter(key => partitionOf(key, 4) === partition))
    const ranges = await world.log.offsets(topic)
    expect([...ranges.values()].map(({ high }) => high)).toEqual(expected.map(each => each.length))
    for (const [partition, ofPartition] of expected.entries()) {
      const third = await world.log.firstFrom(topic, partition, 2)
      expect(Buffer.from(third!.key!).toString()).toBe(ofPartition[2])
    }
  })

  it('writes a record of 1,500,000 bytes alone, between small ones, to a topic that takes 2,000,000', async () => {
    const topic = await world.createTopic(1, { 'max.message.bytes': '2000000' })
    const values = ['a', 'x'.repeat(1_500_000), 'b']
    await world.append(topic, 0, texts(...values))
    expect((await world.log.firstFrom(topic, 0, 1))?.value?.byteLength).toBe(1_500_000)
    expect((await world.log.last(topic, 0))?.offset).toBe(2)
  })

  it('names topic, bytes and setting for a record that the topic does not take, works on, and takes it once that is raised', async () => {
    const topic = await world.createTopic(1, { 'max.message.bytes': '1000' })
    const tooLarge = world.append(topic, 0, texts('x'.repeat(2_000)))
    await expect(tooLarge).rejects.toThrow(RecordTooLarge)
    await expect(tooLarge).rejects.toThrow(new RegExp(`${topic}.*2040 bytes.*max\\.message\\.bytes`))
    await world.append(topic, 0, texts('a'))
    expect((await world.log.last(topic, 0))?.offset).toBe(0)
    await setTopicSettings(world.kafka, [{ topic, setting: 'max.message.bytes', value: '3000' }])
    await expect.poll(() => world.append(topic, 0, texts('x'.repeat(2_000)))).toBeUndefined()
    expect((await world.log.last(topic, 0))?.value?.byteLength).toBe(2_000)
  })

  it('throws TopicMissing for a topic that does not exist', async () => {
    await expect(world.append('no-such-topic', 0, texts('a'))).rejects.toThrow(TopicMissing)
  })
})

describe('a transactional writer on Kafka', () => {
  it('ends the transaction that another user of its id left open half-way, as soon as it opens', async () => {
    const topic = await world.createTopic(1)
    const id = crypto.randomUUID()
    const dead = await world.begin(id)
    await dead.append(topic, 0, texts('x'))
    await world.append(topic, 0, texts('a'))
    expect(await world.log.last(topic, 0)).toBeUndefined()
    const writer = world.transactionalWriter(id)
    await writer.open()
    expect((await world.log.firstFrom(topic, 0, 0))?.offset).toBe(1)
    await expect(dead.commit()).rejects.toThrow()
    await writer.send([{ topic, partition: 0, key: null, value: 'b' }])
    await expect.poll(async () => String((await world.log.last(topic, 0))?.value)).toBe('b')
    expect((await world.log.firstFrom(topic, 0, 0))?.offset).toBe(1)
  })

  it('sends all of 2 requests or none: a record that one topic refuses hides what the other took', async () => {
    const [topic, small] = [
      await world.createTopic(1),
      await world.createTopic(1, { 'max.message.bytes': '1000' }),
    ]
    const limits = { maxBytes: 900_000, maxRecords: 1 }
    const writer = world.transactionalWriter(crypto.randomUUID(), { limits })
    await writer.open()
    const records = [topic, small].map(each => ({
      topic: each,
      partition: 0,
      key: null,
      value: 'x'.repeat(2_000),
    }))
    await expect(writer.send(records)).rejects.toThrow(RecordTooLarge)
    await writer.open()
    expect((await world.log.offsets(topic)).get(0)?.high).toBeGreaterThan(0)
    expect(await world.log.last(topic, 0)).toBeUndefined()
  })
})

describe('a topic log on Kafka', () => {
  it.each(['GZIP', 'ZSTD'] as const)('finds record 70 of a batch of 100 that %s compressed', async codec => {
    const topic = await world.createTopic(1)
    const producer = world.kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = Array.from({ length: 100 }, (_, i) => ({ value: `value ${i}` }))
    await producer.send({ topic, messages, compression: kafkajs.CompressionTypes[codec] })
    await producer.disconnect()
    const found = await world.log.firstFrom(topic, 0, 70)
    expect([found?.offset, Buffer.from(found!.value!).toString()]).toEqual([70, 'value 70'])
  })

  it('finds the 20th mark at offset 38 when compaction has removed the 19 before it', async () => {
    const topic = await world.createTopic(1, {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.001',
      'segment.ms': '100',
      'max.compaction.lag.ms': '100',
    })
    const writer = world.transactionalWriter(crypto.randomUUID())
    await writer.open()
    for (let i = 0; i < 20; i++) {
      await writer.send([{ topic, partition: 0, key: 'mark', value: String(i) }])
    }
    const oldest = async () => {
      // A segment is closed, and then compacted, only when another record comes.
      await world.append(topic, 0, [{ key: Buffer.from('other'), value: Buffer.from('x') }])
      const { value, offset } = (await world.log.firstFrom(topic, 0, 0))!
      return { value: Buffer.from(value!).toString(), offset }
    }
    const compacted = { value: '19', offset: 38 }
    await expect.poll(oldest, { timeout: 200_000, interval: 500 }).toEqual(compacted)
    expect((await world.log.firstFrom(topic, 0, 5))?.offset).toBe(38)
    expect((await world.log.last(topic, 0))!.offset).toBeGreaterThanOrEqual(40)
  })
})
