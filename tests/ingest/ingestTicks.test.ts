import { beforeEach, describe, expect, test } from 'vitest'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
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

describe('ingestTicks', () => {
  test('3 good ticks of 2 partitions are one commit, and the vector stands behind them', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    produce(world, 3, tickJson(3))
    const result = await ingest(world, [await batch(world, 0, 0, 2), await batch(world, 3, 0, 1)])
    expect(result).toEqual({ ticks: 3, deadLetters: 0, skipped: 0, commits: 1 })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '3/0'])
    expect((await stateOf(world)).vector.positions).toMatchObject([
      { partition: 0, next: 2 },
      { partition: 3, next: 1 },
    ])
  })

  test('what was delivered again is skipped, what is new beside it is kept', async () => {
    produce(world, 0, ...[1, 2, 3, 4].map(n => tickJson(n)))
    await ingest(world, [await batch(world, 0, 0, 3)])
    expect(await ingest(world, [await batch(world, 0, 0, 3)])).toMatchObject({
      ticks: 0,
      skipped: 3,
      commits: 0,
    })
    expect(await ingest(world, [await batch(world, 0, 1, 4)])).toMatchObject({
      ticks: 1,
      skipped: 2,
      commits: 1,
    })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '0/2', '0/3'])
  })

  test('bad ticks go to the dead-letter topic, move the vector, and are counted by reason', async () => {
    produce(world, 0, 'nonsense', tickJson(1), null)
    const result = await ingest(world, [await batch(world, 0, 0, 3)])
    expect(result).toEqual({ ticks: 1, deadLetters: 2, skipped: 0, commits: 1 })
    const letter = await world.log.firstFrom(SETTINGS.deadLetterTopic, 0, 0)
    expect(String(letter?.value)).toBe('nonsense')
    expect(String(letter?.headers['tickhouse.reason'])).toBe('not_json')
    const { vector, totals } = await stateOf(world)
    expect(vector.positions).toMatchObject([{ next: 3 }])
    expect(totals).toMatchObject({ ticks: 1, deadLetters: { not_json: 1, no_value: 1 } })
  })

  test('a batch of bad ticks alone is an empty commit that moves the vector', async () => {
    produce(world, 0, 'a', 'b')
    expect(await ingest(world, [await batch(world, 0, 0, 2)])).toMatchObject({ deadLetters: 2, commits: 1 })
    expect((await stateOf(world)).vector.positions).toMatchObject([{ next: 2 }])
  })

  test('while the dead-letter topic is away nothing is committed', async () => {
    produce(world, 0, tickJson(1), 'bad')
    const topicWriter = { send: () => Promise.reject(new Error('away')) }
    await expect(ingest(world, [await batch(world, 0, 0, 2)], { topicWriter })).rejects.toThrow('away')
    expect(await storedTicks(world)).toEqual([])
  })

  test('a batch above the vector is refused while Kafka still has what lies between', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await expect(ingest(world, [await batch(world, 0, 1, 2)])).rejects.toThrow(/npm run offsets -- rewind/)
    expect(await storedTicks(world)).toEqual([])
  })

  test('offsets that only transaction markers fill are no gap', async () => {
    produce(world, 0, tickJson(1))
    await ingest(world, [await batch(world, 0, 0, 1)])
    const transaction = world.log.begin()
    transaction.append(SETTINGS.ticksTopic, 0, [{ value: Buffer.from(tickJson(2)) }])
    transaction.abort()
    produce(world, 0, tickJson(3))
    expect(await ingest(world, [await batch(world, 0, 3, 4)])).toMatchObject({ ticks: 1 })
    expect((await stateOf(world)).totals.lost).toBe(0)
  })

  test('5 records that retention removed are counted as lost, and the rest goes on', async () => {
    produce(world, 0, ...[1, 2, 3, 4, 5, 6].map(n => tickJson(n)))
    world.log.cutBelow(SETTINGS.ticksTopic, 0, 5)
    expect(await ingest(world, [await batch(world, 0, 5, 6)])).toMatchObject({ ticks: 1 })
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 1, lost: 5 })
  })

  test.each([
    ['3 of its 4 records', 5],
    ['all of them', 6],
  ])('a batch that waited until retention took %s goes in whole', async (_, low) => {
    produce(world, 0, ...[1, 2, 3, 4, 5, 6].map(n => tickJson(n)))
    world.log.cutBelow(SETTINGS.ticksTopic, 0, 2)
    const waiting = await batch(world, 0, 2, 6)
    world.log.cutBelow(SETTINGS.ticksTopic, 0, low)
    await ingest(world, [waiting])
    expect(await storedTicks(world)).toEqual(['0/2', '0/3', '0/4', '0/5'])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 4, lost: 2 })
  })

  test('a batch whose beginning retention took is refused when Kafka has another record where it goes on', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    const made = await batch(world, 0, 0, 2)
    world.log.cutBelow(SETTINGS.ticksTopic, 0, 1)
    const records = made.records.map(record => ({ ...record, timestampMs: 7 }))
    await expect(ingest(world, [{ ...made, records }])).rejects.toThrow(/Kafka has no such record/)
  })

  test('a topic made anew is refused until a new epoch begins; then both lives are in the table', async () => {
    produce(world, 0, tickJson(1))
    await ingest(world, [await batch(world, 0, 0, 1)])
    world.log.deleteTopic(SETTINGS.ticksTopic)
    world.log.createTopic(SETTINGS.ticksTopic, 4)
    world.clock.nowMs += 60_000
    produce(world, 0, tickJson(2))
    const again = await batch(world, 0, 0, 1)
    await expect(ingest(world, [again])).rejects.toThrow(/npm run offsets -- new-epoch/)
    await beginEpoch(world.services, async () => {})
    expect(await ingest(world, [again])).toMatchObject({ ticks: 1 })
    expect(await storedTicks(world)).toEqual(['0/0', '0/0'])
    expect((await stateOf(world)).vector.positions).toMatchObject([
      { epoch: 0, next: 1 },
      { epoch: 1, next: 1 },
    ])
  })

  test('an epoch more is refused while the topic is the same: it would take every tick in twice', async () => {
    produce(world, 0, tickJson(1))
    await ingest(world, [await batch(world, 0, 0, 1)])
    const moved: unknown[] = []
    const begin = beginEpoch(world.services, async vector => void moved.push(vector))
    await expect(begin).rejects.toThrow(/nothing to begin anew/)
    expect(moved).toEqual([])
  })

  test('a batch that Kafka does not know is refused: an event can be made by hand', async () => {
    const made = await batch(world, 0, 0, 0)
    const record = { offset: 0, timestampMs: 7, key: null, value: Buffer.from(tickJson(1)), headers: {} }
    await expect(ingest(world, [{ ...made, records: [record] }])).rejects.toThrow(/Kafka has no such record/)
    produce(world, 0, tickJson(1))
    await expect(ingest(world, [{ ...made, records: [record] }])).rejects.toThrow(/Kafka has no such record/)
    expect(await storedTicks(world)).toEqual([])
  })

  test('what another process took in meanwhile is not trusted: Kafka is asked again', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await ingest(world, [await batch(world, 0, 0, 1)])
    await ingest(world, [await batch(world, 0, 1, 2)], { trust: newTrust() })
    const record = { offset: 2, timestampMs: 7, key: null, value: Buffer.from(tickJson(3)), headers: {} }
    const made = { ...(await batch(world, 0, 0, 0)), records: [record] }
    await expect(ingest(world, [made])).rejects.toThrow(/Kafka has no such record/)
  })

  test('of a bad record of 17 MB the dead letter says the length and the place, and holds nothing up', async () => {
    produce(world, 0, ' '.repeat(17_000_000), tickJson(1))
    expect(await ingest(world, [await batch(world, 0, 0, 2)])).toMatchObject({ ticks: 1, deadLetters: 1 })
    const letter = await world.log.firstFrom(SETTINGS.deadLetterTopic, 0, 0)
    expect(letter?.value).toBeNull()
    expect(String(letter?.headers['tickhouse.value-bytes'])).toBe('17000000')
    expect(String(letter?.headers['tickhouse.offset'])).toBe('0')
  })

  test.each([-(10 ** 17), 1_772_366_410 * 10 ** 9])(
    'a record of the timestamp %d, which Kafka may take, is a dead letter and holds up none that follow',
    async timestampMs => {
      produce(world, 0, tickJson(1))
      world.log.append(SETTINGS.ticksTopic, 0, [{ value: Buffer.from(tickJson(2)), timestampMs }])
      await ingest(world, [await batch(world, 0, 0, 2)])
      produce(world, 0, tickJson(3))
      await ingest(world, [await batch(world, 0, 0, 3)])
      expect(await storedTicks(world)).toEqual(['0/0', '0/2'])
      expect((await stateOf(world)).totals).toMatchObject({ ticks: 2, deadLetters: { record_timestamp: 1 } })
    },
  )

  test('a batch of another topic is refused', async () => {
    const foreign = { topic: 'other', partition: 0, records: [] }
    await expect(ingest(world, [foreign])).rejects.toThrow(/same topic/)
  })

  test('a topic made anew is noticed even when its offsets go on from the vector', async () => {
    produce(world, 0, tickJson(1))
    await ingest(world, [await batch(world, 0, 0, 1)])
    world.log.deleteTopic(SETTINGS.ticksTopic)
    world.log.createTopic(SETTINGS.ticksTopic, 4)
    world.clock.nowMs += 60_000
    produce(world, 0, tickJson(2), tickJson(3))
    await expect(ingest(world, [await batch(world, 0, 1, 2)])).rejects.toThrow(/made again/)
  })

  test('ticks on 150 days in one batch are 3 commits of at most 64 days, each day a file', async () => {
    const days = Array.from({ length: 150 }, (_, i) => new Date(Date.UTC(2025, 0, 1 + i)).toISOString())
    produce(world, 0, ...days.map((day, i) => tickJson(i, day)))
    expect(await ingest(world, [await batch(world, 0, 0, 150)])).toMatchObject({ ticks: 150, commits: 3 })
    const files = await planFiles(world.services.store, await world.catalog.loadTable(TICKS_TABLE))
    expect(files).toHaveLength(150)
    expect((await storedTicks(world)).length).toBe(150)
  })

  test('a tick that comes after its minute and the grace is counted as late', async () => {
    produce(world, 0, tickJson(1, '2026-03-01T11:59:59.9'), tickJson(2, '2026-03-01T12:00:09'))
    await ingest(world, [await batch(world, 0, 0, 2)])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 2, late: 1 })
  })

  test('a clock that steps back makes no snapshot older than the one before', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await ingest(world, [await batch(world, 0, 0, 1)])
    world.clock.nowMs -= 600_000
    await ingest(world, [await batch(world, 0, 1, 2)])
    const { snapshots } = (await world.catalog.loadTable(TICKS_TABLE)).metadata
    const times = snapshots.map(({ timestampMs }) => timestampMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })
})
