import { readdir, readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newTrust } from '../../lib/ingest/admit.ts'
import { beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import type { KafkaRecord } from '../../lib/ports.ts'
import { topicSpecs } from '../../lib/setup/setUp.ts'
import { newWorld, SETTINGS, stateOf, storedTicks, tickJson } from '../support/world.ts'
import { type OwnKafka, startKafka } from './kafkaOfItsOwn.ts'

const { ticksTopic: topic } = SETTINGS
let broker: OwnKafka
let log: KafkaTopicLog
let writer: KafkaTopicWriter

beforeAll(async () => {
  broker = await startKafka({})
  log = new KafkaTopicLog(broker.kafka)
  writer = new KafkaTopicWriter(broker.kafka)
  await ensureTopics(broker.kafka, topicSpecs(SETTINGS))
})
afterAll(async () => {
  await Promise.all([log, writer].map(each => each.close()))
  await broker.remove()
})

/** Cuts the log of partition 0 off at an offset, as a disk does that lost its newest writes. */
async function cutEnd(logDir: string, offset: number): Promise<void> {
  const dir = join(logDir, `${topic}-0`)
  const segment = join(dir, '00000000000000000000.log')
  const bytes = await readFile(segment)
  let at = 0
  // A batch begins with its first offset (8 bytes) and the length of what follows (4).
  while (bytes.readBigInt64BE(at) < offset) at += 12 + bytes.readInt32BE(at + 8)
  await truncate(segment, at)
  const derived = (await readdir(dir)).filter(name => /index$|snapshot$/.test(name))
  await Promise.all(derived.map(name => rm(join(dir, name))))
}

test('a log that has lost its end is told by name; new-epoch goes on behind it and takes no tick in twice', async () => {
  const world = await newWorld()
  const services = { ...world.services, topicLog: log, topicWriter: writer }
  const send = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const value = Buffer.from(tickJson(n))
      await writer.send([{ topic, partition: 0, key: null, value, timestampMs: world.clock.nowMs + n }])
    }
  }
  const take = async (from: number, to: number) => {
    const records: KafkaRecord[] = []
    for await (const some of log.records(topic, 0, from, to)) records.push(...some)
    return ingestTicks({ ...services, trust: newTrust() }, [{ topic, partition: 0, records }])
  }
  await send(0, 4)
  await take(0, 4)
  await send(4, 8)
  await take(4, 8)
  await broker.restart(logDir => cutEnd(logDir, 4))
  expect((await log.offsets(topic)).get(0)).toEqual({ low: 0, high: 4 })
  await writer.close()
  await send(100, 110)
  await expect(take(0, 14)).rejects.toMatchObject({ code: 'LOG_TRUNCATED' })
  await expect(take(8, 14)).rejects.toMatchObject({ code: 'LOG_TRUNCATED' })
  await beginEpoch(services, async () => {})
  expect(await take(0, 14)).toMatchObject({ ticks: 6 })
  expect(await storedTicks(world)).toHaveLength(14)
  const { vector } = await stateOf(world)
  expect(vector.positions).toMatchObject([
    { epoch: 0, next: 8 },
    { epoch: 1, next: 14 },
  ])
  expect(new Set(Object.values(vector.topicIds!)).size).toBe(1)
  await expect(beginEpoch(services, async () => {})).rejects.toMatchObject({ code: 'SAME_TOPIC' })
})
