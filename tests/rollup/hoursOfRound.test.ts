import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { hoursOfRound } from '../../lib/rollup/backlogRound.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { candleFile } from '../support/candleFile.ts'
import { newWorld, type World } from '../support/world.ts'

const DAY_MINUTES = 1_440
/** The days of a month that begins on a Monday, since 1970. */
const FIRST_DAY = Date.parse('2026-06-01T00:00:00Z') / 86_400_000

let world: World
beforeEach(async () => {
  world = await newWorld()
})

/** A file with candles of some days of the month. Only the manifests have it: it is there to be counted, not read. */
const fileOf = (timeframe: string, rows: number, day: number, lastDay = day) =>
  candleFile(`s3://warehouse/market_data/candles/${timeframe}-${day}.parquet`, {
    timeframe,
    rows,
    from: (FIRST_DAY + day) * DAY_MINUTES,
    to: (FIRST_DAY + lastDay + 1) * DAY_MINUTES - 1,
  })

async function commit(...files: ReturnType<typeof fileOf>[]): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const staged = await stageSnapshot(services.store, table, { add: files, nowMs: clock.nowMs })
  await commitSnapshot(catalog, table, staged)
}

/** All hours of some days of the month. */
const hoursOf = (...days: number[]) => HourSet.ofMasks(days.map(day => [FIRST_DAY + day, 0xffffff]))

async function choose(sweep: HourSet, most = 10_000): Promise<HourSet> {
  const candles = await world.catalog.loadTable(CANDLES_TABLE)
  const hours = { owed: HourSet.EMPTY, damaged: HourSet.EMPTY, sweep }
  return hoursOfRound(world.services, { candles, hours }, most)
}

describe('the hours of a round', () => {
  test('are all that it may have, where the files of their candles have 400,000 rows', async () => {
    await commit(fileOf('m1', 200_000, 0), fileOf('m1', 200_000, 1))
    expect((await choose(hoursOf(0, 1))).size).toBe(48)
    expect((await choose(hoursOf(0, 1), 47)).size).toBe(47)
  })

  test('are halved until the files have no more: it reads each whole, however little of it changes', async () => {
    await commit(...[0, 1, 2, 3, 4, 5, 6, 7].map(day => fileOf('m1', 150_000, day)))
    const chosen = await choose(hoursOf(0, 1, 2, 3, 4, 5, 6, 7))
    // Of 192: 96 have four files, 48 two.
    expect(chosen.days()).toEqual(hoursOf(6, 7).days())
  })

  test.each(['m1', 'h1', 'D1', 'M1', 'removed_h1'])('count the rows of %s', async timeframe => {
    await commit(fileOf('m1', 200_000, 0), fileOf('m1', 200_000, 1), fileOf(timeframe, 1, 0, 27))
    expect((await choose(hoursOf(0, 1))).size).toBe(24)
  })

  test('count the rows that coarser candles are put together from: a month reads all of its days', async () => {
    await commit(fileOf('m1', 200_000, 0), fileOf('m1', 200_000, 1))
    expect((await choose(hoursOf(0, 1))).size).toBe(48)
    await commit(fileOf('D1', 2_000, 20))
    expect((await choose(hoursOf(0, 1))).size).toBe(24)
  })

  test('count no rows of files that have nothing to do with them', async () => {
    await commit(fileOf('m1', 400_000, 0), fileOf('m1', 4_000_000, 1), fileOf('h1', 4_000_000, 1))
    expect((await choose(hoursOf(0))).size).toBe(24)
  })

  test('are one where a single file has more', async () => {
    await commit(fileOf('m1', 4_000_000, 0))
    expect([...(await choose(hoursOf(0))).hours()]).toEqual([(FIRST_DAY + 1) * 24 - 1])
  })

  test('are none where none is to be done', async () => {
    expect((await choose(HourSet.EMPTY)).isEmpty).toBe(true)
  })
})
