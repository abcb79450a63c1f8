import { describe, expect, it } from 'vitest'
import { committed, createTopic, kafkaEvent, Offline, send, sendTexts, unique, until } from './harness.ts'

describe('delivery', () => {
  it("gives 3 partitions' records in one invocation, in Lambda's shape, and commits all 3", async () => {
    const topic = unique('shape')
    await createTopic(topic, 3)
    const offline = await Offline.start({
      sink: { kafka: [kafkaEvent(topic, { maximumBatchingWindow: 1 })] },
    })
    await offline.joined()
    await send(topic, [
      {
        partition: 0,
        key: 'k',
        value: 'one',
        headers: { trace: 'aë', many: ['1', '2'] },
        timestamp: '1700000000123',
      },
      { partition: 1, key: 'tombstone', value: null },
      { partition: 2, value: 'without a key' },
    ])
    const calls = await offline.callsUntil('3 records', all => all.flatMap(call => call.records).length === 3)

    expect(calls).toHaveLength(1)
    expect(calls[0]!.envelope).toEqual({
      eventSource: 'aws:SelfManagedKafka',
      bootstrapServers: kafkaEvent(topic).bootstrapServers!.toString(),
    })
    expect(calls[0]!.lists.sort()).toEqual([`${topic}-0`, `${topic}-1`, `${topic}-2`])
    const [first, tombstone, keyless] = calls[0]!.records.sort((a, b) => a.partition - b.partition)
    expect(first).toEqual({
      topic,
      partition: 0,
      offset: 0,
      timestamp: 1700000000123,
      timestampType: 'CREATE_TIME',
      key: Buffer.from('k').toString('base64'),
      text: 'one',
      headers: [{ trace: [97, -61, -85] }, { many: [49] }, { many: [50] }],
    })
    expect(tombstone).not.toHaveProperty('text')
    expect(keyless).not.toHaveProperty('key')
    await until('offsets', async () => (await committed(topic)).join() === '1,1,1')
    expect(await offline.end()).toBe(0)
  })

  it('closes a batch at 5 of 12 records without waiting for its window of 300 s', async () => {
    const topic = unique('size')
    await createTopic(topic)
    await sendTexts(topic, ...Array.from({ length: 12 }, (_, i) => `text ${i}`))
    const event = kafkaEvent(topic, { batchSize: 5, maximumBatchingWindow: 300 })
    const offline = await Offline.start({ sink: { kafka: [event] } })
    const calls = await offline.callsUntil(
      '2 full batches',
      all => all.length === 2 && all[1]!.doneMs !== undefined,
    )
    expect(calls.map(({ records }) => records.length)).toEqual([5, 5])
    expect(offline.texts()).toEqual(Array.from({ length: 10 }, (_, i) => `text ${i}`))
  })

  it('closes a batch 2 s after its first record', async () => {
    const topic = unique('window')
    await createTopic(topic)
    const offline = await Offline.start({
      sink: { kafka: [kafkaEvent(topic, { maximumBatchingWindow: 2 })] },
    })
    await offline.joined()
    const startMs = Date.now()
    await sendTexts(topic, 'first')
    await sendTexts(topic, 'second')
    const [call] = await offline.callsUntil('a call', all => all.length > 0)
    expect(call!.records).toHaveLength(2)
    expect(call!.ms - startMs).toBeGreaterThan(1900)
    expect(call!.ms - startMs).toBeLessThan(4000)
  })

  it('closes a batch before its JSON passes 6 MB: 10 records of 900 kB come in 2 invocations', async () => {
    const topic = unique('payload')
    await createTopic(topic)
    const offline = await Offline.start({
      sink: { kafka: [kafkaEvent(topic, { maximumBatchingWindow: 3 })] },
    })
    await offline.joined()
    const big = 'x'.repeat(900_000)
    for (let i = 0; i < 10; i++) await sendTexts(topic, `${i}${big}`)
    const calls = await offline.callsUntil(
      '10 records',
      all => all.flatMap(call => call.records).length === 10,
    )
    expect(calls.map(({ records }) => records.length)).toEqual([5, 5])
  })

  it('drops what no filter lets through, and commits past it', async () => {
    const topic = unique('filter')
    await createTopic(topic)
    const event = kafkaEvent(topic, { filterPatterns: [{ value: { kind: ['wanted'] } }] })
    const offline = await Offline.start({ sink: { kafka: [event] } })
    await offline.joined()
    await sendTexts(topic, { kind: 'other' }, { kind: 'wanted', n: 1 }, 'text', { kind: 'other' })
    await until('offset 4', async () => (await committed(topic)).join() === '4')
    await sendTexts(topic, { kind: 'other' })
    await until('offset 5', async () => (await committed(topic)).join() === '5')
    expect(offline.texts()).toEqual(['{"kind":"wanted","n":1}'])
  })

  it('feeds 2 functions from 2 topics each of its own group, and none from an event that is not enabled', async () => {
    const [a, b] = [unique('several-a'), unique('several-b')]
    await createTopic(a)
    await createTopic(b)
    const offline = await Offline.start({
      first: { kafka: [kafkaEvent(a), kafkaEvent(b)] },
      second: { kafka: [kafkaEvent(a, { consumerGroupId: unique('other-group') })] },
      third: { kafka: [kafkaEvent(a, { consumerGroupId: unique('third-group'), enabled: false })] },
    })
    await offline.joined(3)
    await sendTexts(a, 'to a')
    await sendTexts(b, 'to b')
    const calls = await offline.callsUntil('3 calls', all => all.length >= 3)
    const seen = calls.map(call => `${call.function.split('-').at(-1)} ${call.records[0]!.text}`)
    expect(seen.sort()).toEqual(['first to a', 'first to b', 'second to a'])
  })

  it('reads from the end with LATEST, and goes on from there after a restart, before any record came', async () => {
    const topic = unique('latest')
    await createTopic(topic)
    await sendTexts(topic, 'before')
    const functions = { sink: { kafka: [kafkaEvent(topic, { startingPosition: 'LATEST' })] } }
    const first = await Offline.start(functions)
    await first.joined()
    await until('the start is committed', async () => (await committed(topic)).join() === '1')
    await first.end()
    await sendTexts(topic, 'while away')
    const second = await Offline.start(functions)
    await second.callsUntil('a record', all => all.length > 0)
    expect(second.texts()).toEqual(['while away'])
  })

  it('reads from the first record at or after startingPositionTimestamp with AT_TIMESTAMP', async () => {
    const topic = unique('timestamp')
    await createTopic(topic)
    await send(topic, [
      { partition: 0, value: 'old', timestamp: '1700000000000' },
      { partition: 0, value: 'new', timestamp: '1700000100000' },
    ])
    const event = kafkaEvent(topic, {
      startingPosition: 'AT_TIMESTAMP',
      startingPositionTimestamp: 1_700_000_050,
    })
    const offline = await Offline.start({ sink: { kafka: [event] } })
    await offline.callsUntil('a record', all => all.length > 0)
    expect(offline.texts()).toEqual(['new'])
  })

  it('waits with one clear line for a topic that does not exist, and reads it once it does', async () => {
    const topic = unique('late')
    const offline = await Offline.start({ sink: { kafka: [kafkaEvent(topic)] } })
    await offline.until('the line', () => offline.log.includes(`topic ${topic} does not exist`))
    await createTopic(topic)
    await sendTexts(topic, 'at last')
    await offline.callsUntil('a record', all => all.length > 0)
    expect(offline.log.match(/does not exist/g)).toHaveLength(1)
  })
})
