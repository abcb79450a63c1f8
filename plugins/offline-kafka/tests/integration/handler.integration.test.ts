import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  committed,
  createTopic,
  type FixtureFunction,
  kafkaEvent,
  Offline,
  sendTexts,
  unique,
  until,
} from '../support/harness.ts'

/** What a handler may do wrong, and what of it the log says. */
const FAULTS = [
  ['throws an error', 'throwError', 'the fixture throws an error'],
  ['throws text', 'throwText', 'the fixture throws text'],
  ['throws a plain object that looks like an answer', 'throwObject', 'the fixture throws an object'],
  ['rejects', 'reject', 'the fixture rejects'],
  ['answers what is no JSON', 'answerBigInt', 'BigInt'],
  ['leaves a rejection floating', 'floatRejection', 'a rejection floating'],
  ['ends its process', 'exit', 'ended with code 3'],
  ['hangs past its timeout of 3 s', 'hang', 'timed out after 3 s'],
  ['never gives control back', 'loop', 'timed out after 3 s'],
  ['runs out of its 128 MB of memory', 'exhaustMemory', 'memory'],
] as const

/** Others must have the time for their own fault, on a busy machine too. */
const timeoutOf = (act: string) => (act === 'hang' || act === 'loop' ? 3 : 60)

const topics = Object.fromEntries(
  [...FAULTS.map(([, act]) => act), 'good', 'callback', 'atOnce', 'noModule'].map(name => [
    name,
    unique(name),
  ]),
)
const on = (name: string, definition: Partial<FixtureFunction> = {}): FixtureFunction => ({
  kafka: [kafkaEvent(topics[name]!)],
  ...definition,
})

let offline: Offline
beforeAll(async () => {
  for (const topic of Object.values(topics)) await createTopic(topic)
  const faulty = FAULTS.map(([, act]) => [act, on(act, { timeout: timeoutOf(act), memorySize: 128 })])
  offline = await Offline.start(
    {
      ...Object.fromEntries(faulty),
      good: on('good', { memorySize: 256, environment: { ADDED: 'by the function' } }),
      callback: on('callback', { handler: 'handler.runWithCallback' }),
      atOnce: on('atOnce', { handler: 'handler.runAtOnce' }),
      noModule: on('noModule', { handler: 'missing.run' }),
    },
    { isShared: true },
  )
  await offline.joined(Object.keys(topics).length)
})
afterAll(() => offline.end('SIGKILL'))

describe('a handler', () => {
  it.each(FAULTS)(
    'that %s twice gets the same 2 records again, unchanged, and then they are committed',
    async (_, act, said) => {
      const topic = topics[act]!
      await sendTexts(topic, { act, attempts: 2 }, 'beside it')
      await until('offset 2', async () => (await committed(topic)).join() === '2')
      const attempts = offline
        .callsOf(topic)
        .map(({ records }) => records.map(({ offset, text }) => [offset, text]))
      const same = [
        [0, `{"act":"${act}","attempts":2}`],
        [1, 'beside it'],
      ]
      expect(attempts).toEqual([same, same, same])
      expect(offline.isRunning).toBe(true)
      await offline.says(new RegExp(`${act}: batch of 2 records .*${said}`))
    },
  )

  it("gets Lambda's context, its variables and those of serverless.yml, and stays warm", async () => {
    const topic = topics.good!
    for (let count = 1; count <= 2; count++) {
      await sendTexts(topic, `text ${count}`)
      await offline.done(topic, count)
    }
    const [first, second] = offline.callsOf(topic)
    expect(first!.context).toMatchObject({
      functionName: 'fixture-dev-good',
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      callbackWaitsForEmptyEventLoop: true,
    })
    expect(first!.context.awsRequestId).not.toBe(second!.context.awsRequestId)
    expect(first!.context.remainingMs).toBeGreaterThan(0)
    expect(first!.context.remainingMs).toBeLessThanOrEqual(6000)
    expect(first!.env).toEqual({
      ADDED: 'by the function',
      AWS_LAMBDA_FUNCTION_NAME: 'fixture-dev-good',
      AWS_REGION: 'us-east-1',
    })
    expect([first!.warm, second!.warm]).toEqual([0, 1])
  })

  it('that answers by a callback succeeds and fails by it', async () => {
    const topic = topics.callback!
    await sendTexts(topic, { act: 'throwError', attempts: 1 })
    const calls = await offline.done(topic)
    expect(calls).toHaveLength(2)
    await until('offset 1', async () => (await committed(topic)).join() === '1')
  })

  it('that returns at once and no promise has succeeded', async () => {
    const topic = topics.atOnce!
    await sendTexts(topic, { act: 'hang' })
    await until('offset 1', async () => (await committed(topic)).join() === '1')
    expect(offline.callsOf(topic)).toHaveLength(1)
  })

  it('whose module is missing fails its batch with a line that names the module', async () => {
    await sendTexts(topics.noModule!, 'text')
    await offline.says(/noModule: batch of 1 records .*no module .*missing/)
    expect(await committed(topics.noModule!)).toEqual([-1])
  })
})
