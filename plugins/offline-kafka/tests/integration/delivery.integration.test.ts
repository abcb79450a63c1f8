import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  committed,
  createTopic,
  kafkaEvent,
  Offline,
  send,
  sendInTransaction,
  sendOneByOne,
  sendTexts,
  unique,
  until,
  withAdmin,
} from '../support/harness.ts'

const topics = Object.fromEntries(
  [
    'shape',
    'size',
    'lone',
    'window',
    'payload',
    'filter',
    'transactions',
    'added',
    'late',
    'a',
    'b',
    'own',
  ].map(name => [name, unique(name)]),
)
const event = (name: string, options: Record<string, unknown> = {}) => kafkaEvent(topics[name]!, options)

/** Records with times of years ago would be removed by and by. */
const KEPT = { 'retention.ms': '-1' }

let offline: Offline
beforeAll(async () => {
  const { late, shape, lone, payload, ...others } = topics
  for (const topic of Object.values(others)) await createTopic(topic)
  await createTopic(shape!, 3, KEPT)
  await createTopic(lone!, 4)
  await createTopic(payload!, 1, { 'max.message.bytes': '8000000' })
  const { consumerGroupId: _, ...ofNoGroup } = event('own')
  offline = await Offline.start(
    {
      shape: { kafka: [event('shape', { batchSize: 4, maximumBatchingWindow: 300 })] },
      size: { kafka: [event('size', { batchSize: 5, maximumBatchingWindow: 300 })] },
      lone: { kafka: [event('lone', { batchSize: 3000, maximumBatchingWindow: 300 })] },
      window: { kafka: [event('window', { maximumBatchingWindow: 4 })] },
      payload: { kafka: [event('payload', { maximumBatchingWindow: 300 })] },
      filter: { kafka: [event('filter', { filterPatterns: [{ value: { kind: ['wanted'] } }] })] },
      transactions: { kafka: [event('transactions')] },
      added: { kafka: [event('added', { startingPosition: 'LATEST' })] },
      late: { kafka: [event('late')] },
      first: { kafka: [event('a'), event('b')] },
      second: { kafka: [event('a', { consumerGroupId: `${topics.a}-other` })] },
      third: { kafka: [event('a', { consumerGroupId: `${topics.a}-third`, enabled: false })] },
      own: { kafka: [ofNoGroup] },
    },
    { isShared: true },
  )
  await offline.joined(12)
})
afterAll(() => offline.end('SIGKILL'))

const lastOffsets = (name: string, offsets: string, groupId?: string) =>
  until(`offsets ${offsets}`, async () => (await committed(topics[name]!, groupId)).join() === offsets)

describe('delivery', () => {
  it("gives 3 partitions' records in one invocation, in Lambda's shape, and commits all 3", async () => {
    const topic = topics.shape!
    const headers = { trace: 'aë', many: ['1', '2'], binary: Buffer.from([0, 127, 128, 255]), empty: '' }
    await send(topic, [
      { partition: 0, key: 'k', value: 'one', headers, timestamp: '1700000000123' },
      { partition: 0, key: '', value: '' },
      { partition: 1, key: 'tombstone', value: null },
      { partition: 2, value: 'without a key' },
    ])
    const [call] = await offline.done(topic)
    expect(call!.envelope).toEqual({
      eventSource: 'aws:SelfManagedKafka',
      bootstrapServers: kafkaEvent(topic).bootstrapServers!.toString(),
    })
    expect(call!.lists.sort()).toEqual([`${topic}-0`, `${topic}-1`, `${topic}-2`])
    const [first, empty, tombstone, keyless] = call!.records.sort((a, b) => a.partition - b.partition)
    expect(first).toEqual({
      topic,
      partition: 0,
      offset: 0,
      timestamp: 1700000000123,
      timestampType: 'CREATE_TIME',
      key: Buffer.from('k').toString('base64'),
      text: 'one',
      headers: [
        { trace: [97, -61, -85] },
        { many: [49] },
        { many: [50] },
        { binary: [0, 127, -128, -1] },
        { empty: [] },
      ],
    })
    expect([empty!.key, empty!.text, empty!.headers]).toEqual(['', '', []])
    expect(tombstone).not.toHaveProperty('text')
    expect(keyless).not.toHaveProperty('key')
    await lastOffsets('shape', '2,1,1')
  })

  it('closes a batch at 5 of 12 records without waiting for its window of 300 s', async () => {
    const topic = topics.size!
    const texts = Array.from({ length: 12 }, (_, i) => `text ${i}`)
    await sendTexts(topic, ...texts)
    const calls = await offline.done(topic, 2)
    expect(calls.map(({ records }) => records.length)).toEqual([5, 5])
    expect(offline.texts(topic)).toEqual(texts.slice(0, 10))
    await lastOffsets('size', '10')
  })

  it('fills its batches, of 5.9 MB, also from 1 partition of 4, whose share of the buffer is less', async () => {
    const topic = topics.lone!
    const messages = Array.from({ length: 500 }, () => ({ partition: 0, value: 'x'.repeat(1400) }))
    for (let sent = 0; sent < 6500; sent += messages.length) await send(topic, messages)
    const calls = await offline.done(topic, 2)
    expect(calls.map(({ records }) => records.length)).toEqual([3000, 3000])
  })

  it('gathers what comes within 4 s of the first record', async () => {
    const topic = topics.window!
    await sendOneByOne(topic, 'first', 'second')
    const [call] = await offline.done(topic)
    expect(call!.records.map(({ text }) => text)).toEqual(['first', 'second'])
  })

  it('closes a batch before its JSON passes 6 MB, and gives a record of more than that alone', async () => {
    const topic = topics.payload!
    for (let i = 0; i < 10; i++) await sendTexts(topic, `${i}`.padEnd(900_000, 'x'))
    await sendTexts(topic, 'large'.padEnd(6_500_000, 'y'))
    await lastOffsets('payload', '11')
    const lengths = offline.callsOf(topic).map(({ records }) => records.map(({ text }) => text!.length))
    expect(lengths).toEqual([Array(5).fill(900_000), Array(5).fill(900_000), [6_500_000]])
  })

  it('drops what no filter lets through, and commits past it', async () => {
    const topic = topics.filter!
    await sendTexts(topic, { kind: 'other' }, { kind: 'wanted', n: 1 }, 'text', { kind: 'other' })
    await lastOffsets('filter', '4')
    await sendTexts(topic, { kind: 'other' })
    await lastOffsets('filter', '5')
    expect(offline.texts(topic)).toEqual(['{"kind":"wanted","n":1}'])
  })

  it('gives the records of committed transactions, not of aborted ones, and commits past both and their markers', async () => {
    const topic = topics.transactions!
    await sendInTransaction(topic, ['a', 'b'], 'commit')
    await sendInTransaction(topic, ['not this', 'nor this'], 'abort')
    await sendTexts(topic, 'c')
    await sendInTransaction(topic, ['not this either'], 'abort')
    await lastOffsets('transactions', '9')
    expect(offline.texts(topic)).toEqual(['a', 'b', 'c'])
  })

  it('feeds 2 functions from 2 topics, each group by itself, and none from an event that is not enabled', async () => {
    await sendTexts(topics.a!, 'to a')
    await sendTexts(topics.b!, 'to b')
    await lastOffsets('a', '1')
    await lastOffsets('a', '1', `${topics.a}-other`)
    await lastOffsets('b', '1')
    const calls = [...offline.callsOf(topics.a!), ...offline.callsOf(topics.b!)]
    const seen = calls.map(call => `${call.function.split('-').at(-1)} ${call.records[0]!.text}`)
    expect(seen.sort()).toEqual(['first to a', 'first to b', 'second to a'])
    await offline.says(`third does not read ${topics.a}: enabled is false`)
  })

  it('makes a group id of service, stage, function and topic where none is given', async () => {
    await sendTexts(topics.own!, 'text')
    await lastOffsets('own', '1', `fixture-dev-own-${topics.own}`)
  })

  it('reads partitions that are added to a topic, from their first record, though it began with LATEST', async () => {
    const topic = topics.added!
    await withAdmin(admin => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }))
    await sendTexts(topic, 'old')
    // Brokers learn of new partitions by and by, and a producer tries until they have.
    await send(topic, [{ partition: 2, value: 'new' }])
    await offline.callsUntil(topic, '2 records', all => all.flatMap(({ records }) => records).length === 2)
    expect(offline.texts(topic).sort()).toEqual(['new', 'old'])
  })

  it('waits with one clear line for a topic that does not exist, and reads it once it does', async () => {
    const topic = topics.late!
    await offline.says(`topic ${topic} does not exist`)
    await createTopic(topic)
    await sendTexts(topic, 'at last')
    await offline.done(topic)
    expect(offline.log.match(new RegExp(`${topic} does not exist`, 'g'))).toHaveLength(1)
  })
})

describe('the start', () => {
  it('is the end with LATEST, a time with AT_TIMESTAMP, and what the group has committed before either', async () => {
    const [latest, time, afterAll, known] = ['latest', 'time', 'after-all', 'known'].map(unique)
    for (const topic of [latest!, time!, afterAll!, known!]) {
      await createTopic(topic, 1, KEPT)
      await send(topic, [
        { partition: 0, value: 'old', timestamp: '1700000000000' },
        { partition: 0, value: 'new', timestamp: '1700000100000' },
      ])
    }
    await withAdmin(admin =>
      admin.setOffsets({
        groupId: `${known}-group`,
        topic: known!,
        partitions: [{ partition: 0, offset: '1' }],
      }),
    )
    const at = (startingPositionTimestamp: number) => ({
      startingPosition: 'AT_TIMESTAMP',
      startingPositionTimestamp,
    })
    const functions = {
      latest: { kafka: [kafkaEvent(latest!, { startingPosition: 'LATEST' })] },
      time: { kafka: [kafkaEvent(time!, at(1_700_000_050))] },
      afterAll: { kafka: [kafkaEvent(afterAll!, at(1_800_000_000))] },
      known: { kafka: [kafkaEvent(known!, { startingPosition: 'TRIM_HORIZON' })] },
    }
    const first = await Offline.start(functions)
    for (const topic of [latest!, time!, afterAll!, known!]) {
      await until(`${topic} at its start`, async () => (await committed(topic)).join() === '2')
    }
    await first.end()
    await sendTexts(latest!, 'while away')
    await sendTexts(afterAll!, 'while away')
    const second = await Offline.start(functions, { traceFile: first.traceFile })
    await second.done(latest!)
    await second.done(afterAll!)
    expect(second.texts(latest!)).toEqual(['while away'])
    expect(second.texts(time!)).toEqual(['new'])
    expect(second.texts(afterAll!)).toEqual(['while away'])
    expect(second.texts(known!)).toEqual(['new'])
  })
})
