import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { startSandbox } from '../../../../sandbox/startSandbox.ts'
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
  withAdmin,
} from '../support/harness.ts'

const sink = (topic: string, options: Record<string, unknown> = {}) => ({
  sink: { kafka: [kafkaEvent(topic, options)] },
})

describe('an orderly stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s lets the batch in flight end, commits it, and leaves the group',
    async signal => {
      const topic = unique('stop')
      await createTopic(topic)
      const offline = await Offline.start(sink(topic, { batchSize: 1 }))
      // Until then a signal ends it as it ends any process.
      await offline.says('listening on')
      await sendTexts(topic, { act: 'wait', ms: 2000 }, 'not any more')
      await offline.callsUntil(topic, 'a call', all => all.length === 1)
      expect(await offline.end(signal)).toBe(0)
      expect(offline.callsOf(topic).map(({ doneMs }) => doneMs !== undefined)).toEqual([true])
      expect(await committed(topic)).toEqual([1])
      const { groups } = await withAdmin(admin => admin.describeGroups([`${topic}-group`]))
      expect(groups[0]!.members).toHaveLength(0)
    },
  )
})

describe('a start', () => {
  it('after SIGKILL reads the batch again that was not committed', async () => {
    const topic = unique('kill')
    await createTopic(topic)
    await sendTexts(topic, 'done', { act: 'hang', attempts: 1 })
    const functions = sink(topic, { batchSize: 1 })
    const first = await Offline.start({ sink: { ...functions.sink, timeout: 300 } })
    await first.callsUntil(topic, 'the second call', all => all.length === 2)
    await until('offset 1', async () => (await committed(topic)).join() === '1')
    await first.end('SIGKILL')
    const second = await Offline.start(sink(topic), { traceFile: first.traceFile })
    const calls = await second.callsUntil(topic, 'the call again', all => all.length === 3)
    expect(calls.map(({ records }) => records[0]!.offset)).toEqual([0, 1, 1])
  })

  it('of a second process in mid-batch takes 2 of 4 partitions, and neither loses a record', async () => {
    const topic = unique('rebalance')
    await createTopic(topic, 4)
    const functions = sink(topic, { batchSize: 1 })
    const first = await Offline.start(functions)
    await first.joined()
    const second = await Offline.start(functions)
    const seen = () => new Set([...first.texts(topic), ...second.texts(topic)])
    let sent = 0
    while (second.callsOf(topic).length < 4) {
      const messages = [0, 1, 2, 3].map(partition => ({
        partition,
        value: JSON.stringify({ act: 'wait', ms: 100, n: sent++ }),
      }))
      await send(topic, messages)
      await until('most are taken', () => seen().size >= sent - 8)
    }
    const done = Array.from({ length: 4 }, () => sent / 4).join()
    await until('all committed', async () => (await committed(topic)).join() === done)
    expect(seen().size).toBe(sent)
    for (const process of [first, second]) expect(overlaps(process.callsOf(topic))).toBe(false)
    await first.says(/partitions: \d, \d$/m)
  })
})

describe('a rebuild of the functions', () => {
  it('loads them anew between two invocations, of which none is cut off', async () => {
    const topic = unique('rebuild')
    await createTopic(topic)
    const offline = await Offline.start(sink(topic, { batchSize: 1, maximumBatchingWindow: 0 }))
    await sendTexts(topic, 'first')
    await offline.done(topic)
    await sendTexts(topic, { act: 'wait', ms: 1000 })
    await offline.callsUntil(topic, 'the second call', all => all.length === 2)
    offline.signal('SIGUSR2')
    await offline.done(topic, 2)
    await sendTexts(topic, 'third')
    const calls = await offline.done(topic, 3)
    expect(calls.map(({ warm }) => warm)).toEqual([0, 1, 0])
  })
})

describe('a broker', () => {
  it('that is killed under load and comes back costs no record, and one line in the log', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'offline-kafka-broker-'))
    const sandbox = await startSandbox({ dataDir, ports: 'free', servers: ['kafka'] })
    try {
      await keepsAllThrough(sandbox.env.KAFKA_BROKERS!, async () => {
        await sandbox.servers.kafka.kill()
        await sandbox.servers.kafka.start()
      })
    } finally {
      await sandbox.remove()
    }
  })
})

/** Sends to 2 partitions before, while and after `harm` is done to the broker, and expects all of it at the function. */
async function keepsAllThrough(brokers: string, harm: () => Promise<void>): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING })
  const topic = unique('restart')
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true })
  await producer.connect()
  let sent = 0
  const sendSome = async () => {
    const messages = Array.from({ length: 20 }, (_, i) => ({ partition: i % 2, value: `text ${sent + i}` }))
    const isThere = await producer.send({ topic, messages }).then(
      () => true,
      () => false,
    )
    if (isThere) sent += messages.length
  }
  const event = { ...kafkaEvent(topic, { batchSize: 10 }), bootstrapServers: [brokers] }
  const offline = await Offline.start({ sink: { kafka: [event] } })
  await sendSome()
  await offline.done(topic, 2)
  let isHarmed = false
  const harming = harm().finally(() => {
    isHarmed = true
  })
  while (!isHarmed) await sendSome()
  await harming
  await sendSome()
  const wanted = Array.from({ length: sent }, (_, i) => `text ${i}`)
  await offline.callsUntil(topic, `${sent} records`, () => new Set(offline.texts(topic)).size >= sent)
  expect(offline.texts(topic)).toEqual(expect.arrayContaining(wanted))
  expect(offline.log.match(/trying again until it works/g)).toHaveLength(1)
  expect(overlaps(offline.callsOf(topic))).toBe(false)
  await offline.end()
  await Promise.all([producer.disconnect(), admin.disconnect()])
}

/** Whether two invocations of one partition ran at the same time in one process. */
function overlaps(calls: Call[]): boolean {
  return calls.some((a, i) =>
    calls.slice(i + 1).some(b => {
      const samePartition = a.lists.some(list => b.lists.includes(list))
      return (
        samePartition &&
        b.ms < (a.doneMs ?? Number.POSITIVE_INFINITY) &&
        a.ms < (b.doneMs ?? Number.POSITIVE_INFINITY)
      )
    }),
  )
}
