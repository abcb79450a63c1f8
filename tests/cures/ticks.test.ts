import { beforeEach, expect, test } from 'vitest'
import { newTrust } from '../../lib/ingest/admit.ts'
import { adoptTopic, beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import {
  batch,
  ingest,
  newWorld,
  produce,
  SETTINGS,
  storedTicks,
  tickJson,
  type World,
} from '../support/world.ts'

const { ticksTopic } = SETTINGS
let world: World
beforeEach(async () => {
  world = await newWorld()
})
const moveGroup = async () => {}
/** Takes in offsets of partition 0, in another process. */
const take = async (from: number, to: number) =>
  ingest(world, [await batch(world, 0, from, to)], { trust: newTrust() })

test('NO_COPY: new-epoch takes in all records of the new topic', async () => {
  produce(world, 0, tickJson(1), tickJson(2))
  await take(0, 2)
  world.log.deleteTopic(ticksTopic)
  world.log.createTopic(ticksTopic, 4)
  produce(world, 0, tickJson(3))
  await expect(adoptTopic(world.services, moveGroup)).rejects.toMatchObject({ code: 'NO_COPY' })
  await beginEpoch(world.services, moveGroup)
  expect(await take(0, 1)).toMatchObject({ ticks: 1 })
  expect(await storedTicks(world)).toHaveLength(3)
})

test('NOT_ON_KAFKA: the same ticks are taken in once they are sent to the topic', async () => {
  const value = Buffer.from(tickJson(1))
  const record = { offset: 0, timestampMs: world.clock.nowMs, key: null, value, headers: {} }
  const byHand = ingest(world, [{ topic: ticksTopic, partition: 0, records: [record] }])
  await expect(byHand).rejects.toMatchObject({ code: 'NOT_ON_KAFKA' })
  expect(await storedTicks(world)).toEqual([])
  produce(world, 0, tickJson(1))
  expect(await take(0, 1)).toMatchObject({ ticks: 1 })
})

test('FOREIGN_TOPIC: ticks are taken in once the setting names the topic of the event source', async () => {
  const topic = 'other.ticks'
  world.log.createTopic(topic, 1)
  world.log.append(topic, 0, [{ value: Buffer.from(tickJson(1)), timestampMs: world.clock.nowMs }])
  const records = [(await world.log.firstFrom(topic, 0, 0))!]
  const delivered = [{ topic, partition: 0, records }]
  await expect(ingest(world, delivered)).rejects.toMatchObject({ code: 'FOREIGN_TOPIC' })
  const settings = { ...SETTINGS, ticksTopic: topic }
  expect(await ingest(world, delivered, { settings })).toMatchObject({ ticks: 1 })
})
