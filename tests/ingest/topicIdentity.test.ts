import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { adoptTopic, beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { TICKS_TABLE, ticksState, ticksSummary } from '../../lib/tables/ticksTable.ts'
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

const { ticksTopic } = SETTINGS
let world: World
beforeEach(async () => {
  world = await newWorld()
})

const ticks = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => tickJson(from + i))
/** Another process takes in the records of [from, to) of partition 0. */
const take = async (from: number, to: number) =>
  ingest(world, [await batch(world, 0, from, to)], { trust: newTrust() })
const again = () => {
  world.log.deleteTopic(ticksTopic)
  world.log.createTopic(ticksTopic, 4)
}
const begin = () => beginEpoch(world.services, async () => {})

/** The vector as an earlier version has stored it. */
async function forgetTopicId() {
  const { catalog, services } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const { vector, totals } = ticksState(table)
  const summary = ticksSummary({ vector: { epoch: vector.epoch, positions: vector.positions }, totals })
  const change = { add: [], summary, nowMs: world.clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
}

describe('a topic by its id', () => {
  test('made again with records of the same timestamps: refused, and none of the 80 is missing after new-epoch', async () => {
    produce(world, 0, ...ticks(0, 50))
    await take(0, 50)
    again()
    produce(world, 0, ...ticks(100, 180))
    for (const [from, to] of [
      [0, 80],
      [50, 80],
    ] as const) {
      await expect(take(from, to)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    }
    await begin()
    expect(await take(0, 80)).toMatchObject({ ticks: 80, skipped: 0 })
    expect((await storedTicks(world)).length).toBe(130)
    expect(Object.keys((await stateOf(world)).vector.topicIds!)).toEqual(['0', '1'])
  })

  test('made again while a warm process goes on behind what it took in a moment ago: refused', async () => {
    produce(world, 0, ...ticks(0, 5))
    await ingest(world, [await batch(world, 0, 0, 5)])
    again()
    produce(world, 0, ...ticks(0, 8))
    await expect(ingest(world, [await batch(world, 0, 5, 8)])).rejects.toMatchObject({
      code: 'TOPIC_RECREATED',
    })
  })

  test.each([1, 8])(
    'made again with %d partitions: refused, then read in its own epoch',
    async partitions => {
      produce(world, 0, ...ticks(0, 2))
      await take(0, 2)
      world.log.deleteTopic(ticksTopic)
      world.log.createTopic(ticksTopic, partitions)
      produce(world, partitions - 1, tickJson(9))
      const other = [await batch(world, partitions - 1, 0, 1)]
      await expect(ingest(world, other)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
      await begin()
      expect(await ingest(world, other)).toMatchObject({ ticks: 1 })
    },
  )

  test('the same after compaction has removed the record that was ingested last', async () => {
    produce(world, 0, ...ticks(0, 5))
    await take(0, 3)
    world.log.remove(ticksTopic, 0, 2)
    expect(await take(3, 5)).toMatchObject({ ticks: 2 })
    expect(await take(0, 5)).toMatchObject({ ticks: 0 })
    await expect(begin()).rejects.toMatchObject({ code: 'SAME_TOPIC' })
    expect((await stateOf(world)).vector.epoch).toBe(0)
  })

  test('the same after compaction has removed 3 records that were not read: they are lost, and a marker is not', async () => {
    produce(world, 0, ...ticks(0, 4))
    const transaction = world.log.begin()
    const value = Buffer.from(tickJson(9))
    transaction.append(ticksTopic, 0, [{ value, timestampMs: world.clock.nowMs }])
    transaction.commit()
    produce(world, 0, ...ticks(5, 9))
    for (const offset of [0, 1, 7]) world.log.remove(ticksTopic, 0, offset)
    expect(await take(0, 10)).toMatchObject({ ticks: 6 })
    expect((await stateOf(world)).totals.lost).toBe(3)
  })

  test('the same after its records were deleted up to the end; those that were not read count as lost', async () => {
    produce(world, 0, ...ticks(0, 5))
    await take(0, 3)
    world.log.cutBelow(ticksTopic, 0, 5)
    produce(world, 0, tickJson(5))
    expect(await take(5, 6)).toMatchObject({ ticks: 1 })
    expect((await stateOf(world)).totals.lost).toBe(2)
    await expect(begin()).rejects.toMatchObject({ code: 'SAME_TOPIC' })
  })

  test('is found for a table of an earlier version at its next commit, when the records prove it', async () => {
    produce(world, 0, ...ticks(0, 3))
    await take(0, 2)
    await forgetTopicId()
    expect((await stateOf(world)).vector.topicIds).toBeUndefined()
    await take(2, 3)
    expect((await stateOf(world)).vector.topicIds).toEqual({ 0: await world.log.topicId(ticksTopic) })
  })

  test('is not taken over from a topic whose records disprove it', async () => {
    produce(world, 0, ...ticks(0, 2))
    await take(0, 2)
    await forgetTopicId()
    again()
    world.clock.nowMs += 1
    produce(world, 0, ...ticks(0, 3))
    await expect(take(2, 3)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await begin()
    expect(await take(0, 3)).toMatchObject({ ticks: 3 })
  })

  test('is not taken on trust by a warm process while the table does not say it', async () => {
    produce(world, 0, ...ticks(0, 2))
    await ingest(world, [await batch(world, 0, 0, 2)])
    await forgetTopicId()
    world.services.trust.table = undefined
    again()
    world.clock.nowMs += 1_000
    produce(world, 0, ...ticks(0, 3))
    await expect(ingest(world, [await batch(world, 0, 2, 3)])).rejects.toMatchObject({
      code: 'TOPIC_RECREATED',
    })
  })

  test('a copy under a new id goes on with same-topic; what is none is refused', async () => {
    produce(world, 0, ...ticks(0, 2))
    await take(0, 2)
    again()
    await expect(adoptTopic(world.services, async () => {})).rejects.toMatchObject({ code: 'NO_COPY' })
    produce(world, 0, ...ticks(0, 3))
    await expect(take(0, 3)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await adoptTopic(world.services, async () => {})
    expect(await take(0, 3)).toMatchObject({ ticks: 1, skipped: 2 })
    expect((await stateOf(world)).vector.epoch).toBe(0)
  })

  test('a batch of the topic before, delivered late, does not get into the new epoch', async () => {
    produce(world, 0, ...ticks(0, 2))
    await take(0, 1)
    const late = await batch(world, 0, 1, 2)
    again()
    const topicId = await world.log.topicId(ticksTopic)
    const old = (await stateOf(world)).vector.topicIds![0]!
    await begin()
    const topicLog = Object.assign(Object.create(world.log), { topicId: async () => old })
    await expect(ingest(world, [late], { topicLog, trust: newTrust() })).rejects.toMatchObject({
      code: 'TOPIC_RECREATED',
    })
    expect((await stateOf(world)).vector.topicIds).toEqual({ 0: old, 1: topicId })
  })
})

describe('a topic whose broker knows no ids', () => {
  beforeEach(() => world.log.hideTopicIds())

  test('is the same when compaction has removed the record that was ingested last', async () => {
    produce(world, 0, ...ticks(0, 4))
    await take(0, 3)
    world.log.remove(ticksTopic, 0, 2)
    expect(await take(0, 4)).toMatchObject({ ticks: 1, skipped: 2 })
    await expect(begin()).rejects.toMatchObject({ code: 'SAME_TOPIC' })
  })

  test('is another one when the record that was ingested last has another timestamp', async () => {
    produce(world, 0, ...ticks(0, 3))
    await take(0, 3)
    again()
    world.clock.nowMs += 1
    produce(world, 0, ...ticks(0, 5))
    await expect(take(3, 5)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    await begin()
    expect(await take(0, 5)).toMatchObject({ ticks: 5 })
  })
})

describe('a log that has lost its end', () => {
  /** Cuts partition 0 at an offset and writes ticks of another time behind. */
  function cutEnd(at: number, ...values: string[]) {
    const log = world.log.partition(ticksTopic, 0)
    while (log.high > at) log.records.delete(--log.high)
    world.clock.nowMs += 1_000
    produce(world, 0, ...values)
  }

  test.each([
    ['ends before what was read', 3],
    ['was written again beyond it', 7],
  ])('is refused by name when it %s, and goes on behind it: no tick doubled', async (_, count) => {
    produce(world, 0, ...ticks(0, 4))
    await take(0, 4)
    world.clock.nowMs += 1_000
    produce(world, 0, ...ticks(4, 8))
    await take(4, 8)
    cutEnd(4, ...ticks(20, 20 + count))
    await expect(take(0, 4 + count)).rejects.toMatchObject({ code: 'LOG_TRUNCATED' })
    await begin()
    expect(await take(0, 4 + count)).toMatchObject({ ticks: count - Math.min(count, 4) })
    produce(world, 0, tickJson(99))
    expect(await take(4 + count, 5 + count)).toMatchObject({ ticks: 1 })
  })
})
