import { beforeEach, expect, test } from 'vitest'
import { minutesRest } from '../../lib/ingest/minutesRest.ts'
import {
  batch,
  ingest,
  newWorld,
  produce,
  SETTINGS,
  stateOf,
  storedTicks,
  tickJson,
  type World,
} from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const offsets = (batches: Awaited<ReturnType<typeof minutesRest>>) =>
  batches.map(({ partition, records }) => [partition, ...records.map(({ offset }) => offset)])

test('fetches just the records that the table lacks, of each partition', async () => {
  produce(world, 0, tickJson(1), tickJson(2), tickJson(3))
  produce(world, 2, tickJson(4))
  await ingest(world, [await batch(world, 0, 0, 2)])
  const rest = await minutesRest(world.services)
  expect(offsets(rest)).toEqual([
    [0, 2],
    [2, 0],
  ])
  await ingest(world, rest)
  expect(await storedTicks(world)).toEqual(['0/0', '0/1', '0/2', '2/0'])
  expect(await minutesRest(world.services)).toEqual([])
})

test('a tick that its batch brings once more is in the table once', async () => {
  produce(world, 1, tickJson(1), tickJson(2))
  await ingest(world, await minutesRest(world.services))
  produce(world, 1, tickJson(3))
  expect(await ingest(world, [await batch(world, 1, 0, 3)])).toMatchObject({ ticks: 1, skipped: 2 })
  expect(await storedTicks(world)).toEqual(['1/0', '1/1', '1/2'])
  expect((await stateOf(world)).totals.ticks).toBe(3)
})

test('5,001 records are not fetched: ingest is behind, and catches up by itself', async () => {
  produce(world, 0, ...Array.from({ length: 5_000 }, (_, n) => tickJson(n)))
  expect((await minutesRest(world.services)).map(({ records }) => records.length)).toEqual([5_000])
  produce(world, 3, tickJson(1))
  expect(await minutesRest(world.services)).toEqual([])
})

test('of 20 records of 1 MB it takes the first 6 MB or so: the function has room for no more', async () => {
  for (let n = 0; n < 20; n++)
    produce(world, n % 2, tickJson(n).replace('}', `,"note":"${'x'.repeat(1e6)}"}`))
  const rest = await minutesRest(world.services)
  const taken = rest.flatMap(({ records }) => records)
  expect(taken.length).toBeGreaterThanOrEqual(6)
  expect(taken.length).toBeLessThanOrEqual(8)
  await ingest(world, rest)
  expect(await storedTicks(world)).toHaveLength(taken.length)
})

test('a topic that was made anew is refused, as in any batch', async () => {
  produce(world, 0, tickJson(1))
  await ingest(world, [await batch(world, 0, 0, 1)])
  world.log.deleteTopic(SETTINGS.ticksTopic)
  world.log.createTopic(SETTINGS.ticksTopic, 4)
  world.clock.nowMs += 10_000
  produce(world, 0, tickJson(2), tickJson(3))
  await expect(ingest(world, await minutesRest(world.services))).rejects.toMatchObject({
    code: 'TOPIC_RECREATED',
  })
})

test('of a topic that was made anew, a partition which had no record before is refused too: it would be in twice after new-epoch', async () => {
  produce(world, 0, tickJson(1))
  await ingest(world, [await batch(world, 0, 0, 1)])
  world.log.deleteTopic(SETTINGS.ticksTopic)
  world.log.createTopic(SETTINGS.ticksTopic, 4)
  world.clock.nowMs += 10_000
  produce(world, 2, tickJson(2))
  await expect(ingest(world, await minutesRest(world.services))).rejects.toMatchObject({
    code: 'TOPIC_RECREATED',
  })
})
