import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { HourSet } from '../../lib/market/hours.ts'
import {
  type CandlesState,
  candlesState,
  candlesSummary,
  NOTHING_STALE,
} from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { EMPTY_VECTOR, storeVector } from '../../lib/tables/offsetVector.ts'
import { STORED_HOURS, storeHours } from '../../lib/tables/storedHours.ts'
import { newWorld, type World } from '../support/world.ts'

const vector = { epoch: 0, positions: [{ epoch: 0, partition: 2, next: 41, timestampMs: 5 }] }
const STATE: CandlesState = {
  ticksUuid: 'uuid',
  vector,
  ticksSequence: 17,
  candlesSequence: 16,
  held: HourSet.of([24, 25]),
  foreign: { stock_ticks: { deleted: 1 }, candles: {} },
  hours: {
    stale: HourSet.of([-1, 0, 490_000, 490_001]),
    owed: HourSet.of([0, 490_000]),
    damaged: HourSet.of([490_001]),
    sweep: HourSet.of([-1]),
    sweepBeganUs: 11,
    restUntilUs: 12,
    staleSinceUs: 13,
    exact: { fromUs: -14, toUs: 15 },
  },
  closedUntilUs: 60_000_000,
  stampUs: 99,
  revisionFloor: 4,
  pending: [{ dueUs: 120_000_000, ends: vector }],
  roundMs: 700,
  delayMs: 900,
}

/** As versions without stale hours wrote it. */
function earlierSummary(closedUntilUs: number): Record<string, string> {
  const state = {
    ticksUuid: 'uuid',
    vector: storeVector(vector),
    ticksSequence: 17,
    closedUntilUs,
    stampUs: 99,
    pending: [{ dueUs: 120_000_000, ends: storeVector(EMPTY_VECTOR) }],
    roundMs: 700,
    delayMs: 900,
  }
  return { 'tickhouse.rollup': JSON.stringify(state) }
}

let world: World
beforeEach(async () => {
  world = await newWorld()
})

async function commit(summary: Record<string, string>): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const staged = await stageSnapshot(services.store, table, { add: [], summary, nowMs: clock.nowMs })
  await commitSnapshot(catalog, table, staged)
}
const load = () => world.catalog.loadTable(CANDLES_TABLE)
const read = async () => candlesState(await load())

describe('the candles’ state', () => {
  test('is read back as it was written', async () => {
    await commit(candlesSummary(STATE))
    expect(await read()).toEqual(STATE)
  })

  test.each([
    ['an hour that is partly done', { hour: 490_000, count: 256, done: 255, isBehind: true }],
    ['one that no ticks have come into since', { hour: -1, count: 2, done: 1, isBehind: false }],
    ['none', undefined],
  ])('is read back with %s', async (_, partly) => {
    const state = { ...STATE, hours: { ...STATE.hours, partly } }
    await commit(candlesSummary(state))
    expect(await read()).toEqual(state)
  })

  test('of a table that is new says that nothing is stale', async () => {
    expect((await read()).hours).toEqual(NOTHING_STALE)
  })

  test('is read as it was before a commit of another engine', async () => {
    await commit(candlesSummary(STATE))
    await commit({})
    expect(await read()).toEqual(STATE)
  })

  test('of an earlier version is read whole, with nothing stale and no floor', async () => {
    await commit(earlierSummary(180_000_000))
    expect(await read()).toEqual({
      ...STATE,
      candlesSequence: 2,
      foreign: { stock_ticks: {}, candles: {} },
      hours: NOTHING_STALE,
      revisionFloor: 0,
      closedUntilUs: 180_000_000,
      pending: [{ dueUs: 120_000_000, ends: EMPTY_VECTOR }],
    })
  })

  test('is that of the newest snapshot that has one, whichever version wrote it', async () => {
    await commit(earlierSummary(60_000_000))
    await commit(candlesSummary({ ...STATE, closedUntilUs: 120_000_000 }))
    expect(await read()).toMatchObject({ closedUntilUs: 120_000_000, hours: STATE.hours })
    // An earlier version was put back for a while: it went on from its own last state.
    await commit(earlierSummary(61_000_000))
    expect(await read()).toMatchObject({ closedUntilUs: 61_000_000, hours: NOTHING_STALE })
    await commit(candlesSummary({ ...STATE, closedUntilUs: 240_000_000 }))
    expect(await read()).toMatchObject({ closedUntilUs: 240_000_000, hours: STATE.hours })
  })

  test('is written where earlier versions do not look: they would write it back without the stale hours', async () => {
    expect(Object.keys(candlesSummary(STATE))).toEqual(['tickhouse.candles'])
    await commit(earlierSummary(60_000_000))
    await commit(candlesSummary(await read()))
    const own = Object.keys(currentSnapshot(await load())!.summary).filter(key =>
      key.startsWith('tickhouse.'),
    )
    expect(own).toEqual(['tickhouse.candles'])
  })

  test('has no owed, damaged or swept hour that is not stale, though each set is coarsened by itself', async () => {
    const everyOtherDay = Array.from({ length: 100_000 }, (_, i) => 24 * (2 * i - 90_000))
    const stale = HourSet.of(everyOtherDay)
    const some = HourSet.of(everyOtherDay.filter((_, i) => Math.sin(i * i) < 0))
    await commit(
      candlesSummary({ ...STATE, hours: { ...STATE.hours, stale, owed: some, damaged: some, sweep: some } }),
    )
    const { hours } = await read()
    expect(hours.stale.days()).toEqual(stale.days())
    for (const set of [hours.owed, hours.damaged, hours.sweep]) {
      expect(some.minus(set).isEmpty).toBe(true)
      expect(set.minus(stale).isEmpty).toBe(true)
    }
    // By itself the text would stand for hours that are not stale.
    expect(STORED_HOURS.parse(storeHours(some)).minus(stale).isEmpty).toBe(false)
  })

  test('has no stale hour that is held, though the stale ones were coarsened', async () => {
    const held = HourSet.of([0]).wholeDays()
    const hours = {
      ...STATE.hours,
      stale: HourSet.of([3, 24]),
      owed: HourSet.of([3]),
      sweep: HourSet.of([24]),
    }
    await commit(candlesSummary({ ...STATE, held, hours }))
    const state = await read()
    expect(state.held.days()).toEqual(held.days())
    expect([...state.hours.stale.hours()]).toEqual([24])
    expect(state.hours.owed.isEmpty).toBe(true)
  })

  test('of hours that hostile ticks have scattered over five centuries takes at most 17 kB', () => {
    const scattered = HourSet.of(
      Array.from({ length: 200_000 }, (_, i) => -2_366_000 + i * 24 + ((i * i) % 24)),
    )
    const hours = { ...STATE.hours, stale: scattered, owed: scattered, damaged: scattered, sweep: scattered }
    expect(candlesSummary({ ...STATE, hours })['tickhouse.candles']!.length).toBeLessThan(17_000)
  })

  test.each([
    ['no JSON', 'x'],
    [
      'without hours',
      JSON.stringify({ ...JSON.parse(candlesSummary(STATE)['tickhouse.candles']!), hours: {} }),
    ],
    [
      'with hours that are no hours',
      candlesSummary(STATE)['tickhouse.candles']!.replace(/"owed":"[^"]+"/, '"owed":"?"'),
    ],
  ])('is refused where it is %s', async (_, text) => {
    await commit({ 'tickhouse.candles': text })
    await expect(read()).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
  })
})
