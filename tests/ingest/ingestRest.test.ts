import { beforeEach, expect, test } from 'vitest'
import { ingestRest } from '../../lib/ingest/ingestRest.ts'
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
let warnings: unknown[]
beforeEach(async () => {
  world = await newWorld()
  warnings = []
  world.services.log.warn = (...said: unknown[]) => void warnings.push(said)
})

const ticks = (count: number) => Array.from({ length: count }, (_, n) => tickJson(n))
const groupAt = (...offsets: [number, number][]) =>
  world.log.commitGroup(SETTINGS.ingestGroup, SETTINGS.ticksTopic, new Map(offsets))
const rest = (remainingMs = () => 60_000) => ingestRest(world.services, remainingMs)

test('21,000 records that the group has passed over go in without it, each once, and it is told', async () => {
  produce(world, 0, ...ticks(21_000))
  produce(world, 1, tickJson(1))
  groupAt([0, 21_000], [1, 1])
  expect(await rest()).toMatchObject({ ticks: 21_001, commits: 2 })
  expect(new Set(await storedTicks(world)).size).toBe(21_001)
  expect(warnings[0]).toMatchObject([
    expect.stringMatching(/passed over/),
    { passedOver: [{ partition: 0, from: 0, to: 21_000 }, { partition: 1 }] },
  ])
  warnings.length = 0
  expect(await rest()).toMatchObject({ ticks: 0, commits: 0 })
  expect(warnings).toEqual([])
})

test('a batch that was refused above them goes in once they are there', async () => {
  produce(world, 0, ...ticks(6_000))
  groupAt([0, 5_990])
  const above = await batch(world, 0, 5_990, 6_000)
  await expect(ingest(world, [above])).rejects.toMatchObject({ code: 'OFFSET_GAP' })
  await rest()
  expect(await ingest(world, [above])).toMatchObject({ ticks: 10 })
  expect((await stateOf(world)).totals).toMatchObject({ ticks: 6_000, lost: 0 })
})

test('6,000 records that the event source has yet to bring are its business', async () => {
  produce(world, 0, ...ticks(6_000))
  groupAt([0, 0])
  expect(await rest()).toMatchObject({ ticks: 0 })
  expect(warnings).toEqual([])
})

test('markers of transactions that fill the offsets passed over are none', async () => {
  const transaction = world.log.begin()
  for (const tick of ticks(3)) {
    transaction.append(SETTINGS.ticksTopic, 0, [{ value: Buffer.from(tick) }])
  }
  transaction.abort()
  groupAt([0, 4])
  expect(await rest()).toMatchObject({ ticks: 0 })
  expect(warnings).toEqual([])
})

test('what there is no time for is left to the next minute', async () => {
  produce(world, 0, ...ticks(6_000))
  groupAt([0, 6_000])
  expect(await rest(() => 9_999)).toMatchObject({ ticks: 0 })
  expect(await rest()).toMatchObject({ ticks: 6_000 })
})
