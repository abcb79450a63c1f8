import { describe, expect, it } from 'vitest'
import {
  committed,
  createTopic,
  kafkaEvent,
  Offline,
  send,
  sendTexts,
  unique,
  until,
  withAdmin,
} from './harness.ts'

const partialEvent = (topic: string) => kafkaEvent(topic, { functionResponseType: 'ReportBatchItemFailures' })
const failureOf = (partition: string, offset: unknown) => ({
  batchItemFailures: [{ itemIdentifier: { partition, offset } }],
})

describe('failure', () => {
  it.each([
    ['throws an error', 'throwError'],
    ['throws text', 'throwText'],
    ['leaves a rejection floating', 'floatRejection'],
    ['ends its process', 'exit'],
    ['hangs past its timeout of 1 s', 'hang'],
  ])('tries the same 2 records again when the handler %s twice, then commits', async (_, act) => {
    const topic = unique('retry')
    await createTopic(topic)
    await sendTexts(topic, { act, attempts: 2 }, 'beside it')
    const offline = await Offline.start({ sink: { timeout: 1, kafka: [kafkaEvent(topic)] } })
    const calls = await offline.callsUntil('success', all => all.some(({ doneMs }) => doneMs !== undefined))
    expect(calls.map(({ records }) => records.map(({ offset }) => offset))).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ])
    await until('offset 2', async () => (await committed(topic)).join() === '2')
    expect(offline.isRunning).toBe(true)
  })

  it('survives a handler that runs out of memory, and tries its records again', async () => {
    const topic = unique('memory')
    await createTopic(topic)
    await sendTexts(topic, { act: 'exhaustMemory', attempts: 1 })
    const functions = { sink: { timeout: 60, kafka: [kafkaEvent(topic)] } }
    const offline = await Offline.start(functions, {}, undefined, '--max-old-space-size=300')
    const calls = await offline.callsUntil(
      'success',
      all => all.some(({ doneMs }) => doneMs !== undefined),
      60_000,
    )
    expect(calls).toHaveLength(2)
    expect(offline.isRunning).toBe(true)
  })

  it('goes on with partition 1 while partition 0 fails for ever', async () => {
    const topic = unique('beside')
    await createTopic(topic, 2)
    const offline = await Offline.start({ sink: { kafka: [kafkaEvent(topic)] } }, { concurrency: 1 })
    await offline.joined()
    await send(topic, [{ partition: 0, value: JSON.stringify({ act: 'throwError' }) }])
    await offline.callsUntil('a failure', all => all.length > 0)
    for (let i = 0; i < 3; i++) {
      await send(topic, [{ partition: 1, value: `${i}` }])
      await until(`offset ${i + 1}`, async () => (await committed(topic))[1] === i + 1)
    }
    expect((await committed(topic))[0]).toBe(-1)
    expect(offline.calls().filter(({ records }) => records[0]!.partition === 0).length).toBeGreaterThan(1)
  })

  it('commits up to the first of 2 reported records and sends it and what follows again', async () => {
    const topic = unique('partial')
    await createTopic(topic)
    const answer = failureOf(`${topic}-0`, 3)
    answer.batchItemFailures.push(...failureOf(`${topic}-0`, 2).batchItemFailures)
    await sendTexts(topic, 'a', { answer, attempts: 1 }, 'c', 'd')
    const offline = await Offline.start({ sink: { kafka: [partialEvent(topic)] } })
    const calls = await offline.callsUntil('2 calls', all => all.length === 2 && all[1]!.doneMs !== undefined)
    expect(calls.map(({ records }) => records.map(({ offset }) => offset))).toEqual([
      [0, 1, 2, 3],
      [2, 3],
    ])
    await until('offset 4', async () => (await committed(topic)).join() === '4')
  })

  it('takes a malformed partial answer as the failure of the whole batch', async () => {
    const topic = unique('malformed')
    await createTopic(topic)
    await sendTexts(topic, 'a', { answer: failureOf('no-such-partition', 1), attempts: 1 })
    const offline = await Offline.start({ sink: { kafka: [partialEvent(topic)] } })
    const calls = await offline.callsUntil('2 calls', all => all.length === 2 && all[1]!.doneMs !== undefined)
    expect(calls.map(({ records }) => records.length)).toEqual([2, 2])
  })

  it('bisects down to the one bad record of 8, tries it 3 times, and sends it to the destination topic', async () => {
    const topic = unique('bisect')
    const destination = unique('failures')
    await createTopic(topic)
    await createTopic(destination)
    const texts = Array.from({ length: 8 }, (_, i) => (i === 5 ? { act: 'throwError' } : `good ${i}`))
    await sendTexts(topic, ...texts)
    const event = kafkaEvent(topic, {
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 2,
      onFailureDestination: `kafka://${destination}`,
    })
    const reader = kafkaEvent(destination)
    const offline = await Offline.start({ sink: { kafka: [event] }, reader: { kafka: [reader] } })
    await until('offset 8', async () => (await committed(topic)).join() === '8')
    const calls = await offline.callsUntil('the dead letter', all => all.some(isReader))
    const [letter] = calls.find(isReader)!.records
    expect(letter!.text).toBe('{"act":"throwError"}')
    const headers = Object.assign({}, ...letter!.headers)
    expect(Buffer.from(headers['failure-offset']).toString()).toBe('5')
    expect(Buffer.from(headers['failure-attempts']).toString()).toBe('3')
    const alone = calls.filter(({ records }) => records.length === 1 && records[0]!.offset === 5)
    expect(alone).toHaveLength(3)
    const done = calls.filter(({ doneMs, function: name }) => doneMs !== undefined && name.endsWith('sink'))
    expect(done.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual([0, 1, 2, 3, 4, 6, 7])
  })

  it('skips 1 record that is older than maximumRecordAgeInSeconds of 60', async () => {
    const topic = unique('age')
    await createTopic(topic)
    await send(topic, [
      { partition: 0, value: 'old', timestamp: String(Date.now() - 120_000) },
      { partition: 0, value: 'young' },
    ])
    const offline = await Offline.start({
      sink: { kafka: [kafkaEvent(topic, { maximumRecordAgeInSeconds: 60 })] },
    })
    await until('offset 2', async () => (await committed(topic)).join() === '2')
    expect(offline.texts()).toEqual(['young'])
  })
})

describe('coming and going', () => {
  it('lets the batch in flight end on SIGTERM, commits it, and leaves the group', async () => {
    const topic = unique('stop')
    await createTopic(topic)
    await sendTexts(topic, { act: 'wait', ms: 2000 })
    const functions = { sink: { kafka: [kafkaEvent(topic)] } }
    const offline = await Offline.start(functions)
    await offline.callsUntil('a call', all => all.length === 1)
    expect(await offline.end('SIGTERM')).toBe(0)
    expect(offline.calls()[0]!.doneMs).toBeDefined()
    expect(await committed(topic)).toEqual([1])
    const group = await withAdmin(admin => admin.describeGroups([`${topic}-group`]))
    expect(group.groups[0]!.members).toHaveLength(0)
  })

  it('reads again within 10 s of a start after SIGKILL, from the batch that was not committed', async () => {
    const topic = unique('kill')
    await createTopic(topic)
    await sendTexts(topic, { act: 'wait', ms: 5000, attempts: 1 })
    const functions = { sink: { kafka: [kafkaEvent(topic)] } }
    const first = await Offline.start(functions)
    await first.callsUntil('a call', all => all.length === 1)
    await first.end('SIGKILL')
    const startMs = Date.now()
    const second = await Offline.start(functions, {}, first.traceFile)
    const calls = await second.callsUntil('the call again', all => all.length === 2)
    expect(calls[1]!.records[0]!.offset).toBe(0)
    expect(calls[1]!.ms - startMs).toBeLessThan(10_000)
  })

  it('shares 4 partitions with a second process, which in mid-batch takes 2, and neither loses a record', async () => {
    const topic = unique('rebalance')
    await createTopic(topic, 4)
    const functions = { sink: { kafka: [kafkaEvent(topic, { batchSize: 1 })] } }
    const first = await Offline.start(functions)
    await first.joined()
    const messages = Array.from({ length: 40 }, (_, i) => ({
      partition: i % 4,
      value: JSON.stringify({ act: 'wait', ms: 300, i }),
    }))
    await send(topic, messages)
    await first.callsUntil('the first calls', all => all.length >= 2)
    const second = await Offline.start(functions)
    await second.joined()
    const all = () => new Set([...first.texts(), ...second.texts()])
    await until('40 records', () => all().size === 40, 60_000)
    await until('offsets', async () => (await committed(topic)).join() === '10,10,10,10')
    expect(second.calls().length).toBeGreaterThan(0)
    const overlapping = [first, second].some(process => overlaps(process.calls()))
    expect(overlapping).toBe(false)
  })
})

const isReader = (call: { function: string }) => call.function.endsWith('reader')

/** Whether two invocations of one partition ran at the same time in one process. */
function overlaps(calls: { ms: number; doneMs?: number; records: { partition: number }[] }[]): boolean {
  return calls.some((a, i) =>
    calls.some((b, j) => {
      const samePartition = a.records[0]!.partition === b.records[0]!.partition
      return i < j && samePartition && b.ms < (a.doneMs ?? 0) && a.ms < (b.doneMs ?? 0)
    }),
  )
}
