import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Call,
  committed,
  createTopic,
  kafkaEvent,
  Offline,
  send,
  sendTexts,
  unique,
  until,
} from '../support/harness.ts'

const failures = (...items: [partition: unknown, offset: unknown][]) => ({
  batchItemFailures: items.map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
})

const topics = Object.fromEntries(
  ['partial', 'malformed', 'unasked', 'beside', 'bisect', 'limit', 'arn', 'age', 'letters'].map(name => [
    name,
    unique(name),
  ]),
)
const reporting = { functionResponseType: 'ReportBatchItemFailures' }
const letters = { onFailureDestination: `kafka://${topics.letters}` }
/** Options of the mapping that each topic has. */
const mappings: Record<string, Record<string, unknown>> = {
  partial: { ...reporting, maximumBatchingWindow: 1 },
  malformed: reporting,
  unasked: {},
  beside: {},
  bisect: { ...letters, bisectBatchOnFunctionError: true, maximumRetryAttempts: 2 },
  limit: { maximumRetryAttempts: 1 },
  arn: { maximumRetryAttempts: 0, onFailureDestination: 'arn:aws:sqs:us-east-1:123456789012:failed' },
  age: { maximumRecordAgeInSeconds: 60 },
  letters: {},
}

let offline: Offline
beforeAll(async () => {
  for (const [name, topic] of Object.entries(topics)) {
    await createTopic(topic, name === 'partial' || name === 'beside' ? 2 : 1)
  }
  const functions = Object.entries(mappings).map(([name, options]) => [
    name,
    { kafka: [kafkaEvent(topics[name]!, options)] },
  ])
  offline = await Offline.start(Object.fromEntries(functions), {
    isShared: true,
    settings: { concurrency: 1 },
  })
  await offline.joined(functions.length)
})
afterAll(() => offline.end('SIGKILL'))

const offsets = (calls: Call[]) => calls.map(({ records }) => records.map(({ offset }) => offset))
const lastOffset = (topic: string, offset: number) =>
  until(`offset ${offset} of ${topic}`, async () => (await committed(topic)).join() === String(offset))

describe('a partial answer', () => {
  it('commits partition 1 whole and partition 0 up to the first of 2 reported records, which comes again with the next', async () => {
    const topic = topics.partial!
    const answer = failures([`${topic}-0`, 3], [`${topic}-0`, 2])
    await send(topic, [
      ...['a', JSON.stringify({ answer, attempts: 1 }), 'c', 'd'].map(value => ({ partition: 0, value })),
      { partition: 1, value: 'other' },
    ])
    await until('offsets 4 and 1', async () => (await committed(topic)).join() === '4,1')
    const ofPartition0 = offline
      .callsOf(topic)
      .map(call => ({ ...call, records: call.records.filter(({ partition }) => partition === 0) }))
    expect(offsets(ofPartition0.filter(({ records }) => records.length > 0))).toEqual([
      [0, 1, 2, 3],
      [2, 3],
    ])
    expect(offline.texts(topic).filter(text => text === 'other')).toHaveLength(1)
  })

  it.each([
    ['a partition that is not in the batch', failures(['no-such-partition-0', 0])],
    ['an offset that is not in the batch', failures([`${topics.malformed}-0`, 1_000_000])],
    ['an offset as text', failures([`${topics.malformed}-0`, '1'])],
    ['a partition as a number', failures([0, 1])],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['items of another key', { batchItemFailures: [{ item: { partition: `${topics.malformed}-0` } }] }],
    ['a list that is an object', { batchItemFailures: {} }],
    ['a text instead of an object', 'failed'],
  ])('with %s fails the whole batch, which comes again', async (what, answer) => {
    const topic = topics.malformed!
    const before = offline.callsOf(topic).length
    const next = (await committed(topic))[0]!
    await sendTexts(topic, `before ${what}`, { answer, attempts: 1 })
    const start = Math.max(0, next)
    await lastOffset(topic, start + 2)
    expect(offsets(offline.callsOf(topic).slice(before))).toEqual([
      [start, start + 1],
      [start, start + 1],
    ])
  })

  it.each([
    ['an empty list', { batchItemFailures: [] }],
    ['no list', { batchItemFailures: null }],
    ['an empty object', {}],
  ])('with %s is success', async (_, answer) => {
    const topic = topics.malformed!
    const before = offline.callsOf(topic).length
    const next = (await committed(topic))[0]!
    await sendTexts(topic, { answer })
    await lastOffset(topic, next + 1)
    expect(offline.callsOf(topic)).toHaveLength(before + 1)
  })

  it('is not looked at where the mapping does not ask for it', async () => {
    const topic = topics.unasked!
    await sendTexts(topic, { answer: failures([`${topic}-0`, 0]) }, { answer: 'a text' })
    await lastOffset(topic, 2)
    expect(offline.callsOf(topic)).toHaveLength(1)
  })
})

describe('failure', () => {
  it('of partition 0, for ever, does not hold up partition 1, of which each record is committed', async () => {
    const topic = topics.beside!
    await send(topic, [{ partition: 0, value: JSON.stringify({ act: 'throwError' }) }])
    await offline.callsUntil(topic, 'a failure', all => all.length > 0)
    for (let i = 0; i < 3; i++) {
      await send(topic, [{ partition: 1, value: `${i}` }])
      await until(`offset ${i + 1}`, async () => (await committed(topic))[1] === i + 1)
    }
    expect((await committed(topic))[0]).toBe(-1)
    await offline.callsUntil(
      topic,
      'a second failure',
      all => all.filter(({ lists }) => lists.includes(`${topic}-0`)).length > 1,
    )
  })

  it('is bisected down to the one bad record of 8, tried 3 times, and sent on with its key, bytes and headers', async () => {
    const topic = topics.bisect!
    const texts = Array.from({ length: 8 }, (_, i) => (i === 5 ? '{"act":"throwError"}' : `good ${i}`))
    await send(
      topic,
      texts.map((value, i) => ({
        partition: 0,
        key: `key ${i}`,
        value,
        headers: { own: ['1', '2'], binary: Buffer.from([0, 255]) },
      })),
    )
    await lastOffset(topic, 8)
    const [call] = await offline.callsUntil(topics.letters!, 'the letter', all => all.length > 0)
    const [letter] = call!.records
    expect(Buffer.from(letter!.key!, 'base64').toString()).toBe('key 5')
    expect(letter!.text).toBe('{"act":"throwError"}')
    expect(letter!.headers.slice(0, 3)).toEqual([{ own: [49] }, { own: [50] }, { binary: [0, -1] }])
    const added = Object.assign({}, ...letter!.headers.slice(3))
    expect(Buffer.from(added['failure-offset']).toString()).toBe('5')
    expect(Buffer.from(added['failure-attempts']).toString()).toBe('3')
    expect(Buffer.from(added['failure-reason']).toString()).toBe('the fixture throws an error')
    const calls = offline.callsOf(topic)
    expect(offsets(calls).filter(one => one.join() === '5')).toHaveLength(3)
    const done = calls.filter(({ doneMs }) => doneMs !== undefined)
    expect(offsets(done).flat()).toEqual([0, 1, 2, 3, 4, 6, 7])
  })

  it('is given up after 1 retry, with a line that names the records, and the next batch follows', async () => {
    const topic = topics.limit!
    await sendTexts(topic, { act: 'throwError' })
    await lastOffset(topic, 1)
    expect(offline.callsOf(topic)).toHaveLength(2)
    await offline.says(`limit: batch of 1 records (${topic}-0@0–0) given up`)
    await sendTexts(topic, 'next')
    await lastOffset(topic, 2)
  })

  it('goes past a destination that is an ARN, with a line that says so', async () => {
    await sendTexts(topics.arn!, { act: 'throwError' })
    await lastOffset(topics.arn!, 1)
    await offline.says('arn:aws:sqs:us-east-1:123456789012:failed is not reachable locally')
  })

  it('needs no attempt for 1 record that is older than maximumRecordAgeInSeconds of 60', async () => {
    const topic = topics.age!
    await send(topic, [
      { partition: 0, value: 'old', timestamp: String(Date.now() - 120_000) },
      { partition: 0, value: 'young' },
    ])
    await lastOffset(topic, 2)
    expect(offline.texts(topic)).toEqual(['young'])
  })
})
