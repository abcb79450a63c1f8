import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { dryRun } from '../../lib/repair/dryRun.ts'
import { type RepairPace, repair } from '../../lib/repair/repair.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { rewriteRows } from '../support/foreignEngine.ts'
import { addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const DAY = { fromUs: Date.UTC(2026, 1, 20) * 1000, toUs: Date.UTC(2026, 1, 21) * 1000 }
const REQUEST = { ...DAY, followTicks: false }
/** The clock of the world stands still: who does the work is a matter of this alone. */
const IDLE: RepairPace = { idleMs: 0, pauseMs: 1 }

let world: World
let lines: string[]
beforeEach(async () => {
  world = await newWorld()
  lines = []
  await addTicks(world, ['2026-02-20T10:00:01', '2026-02-20T12:00:01', '2026-02-27T10:00:01'], {
    symbols: ['x', 'y'],
  })
  await rollupCandles(withTrino(world), UNBOUNDED)
})
const say = (line: string) => void lines.push(line)
const volumes = async () =>
  (await candlesIn(world))
    .map(({ symbol, timeframe, dateTimeUs, volume }) => [symbol, timeframe, dateTimeUs, volume].join())
    .sort()

/** A bug of ours loses the m1 candles. */
async function loseMinutes(): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const remove = (await planFiles(services.store, table)).filter(
    ({ partition }) => partition.timeframe === 'm1',
  )
  const change = { add: [], remove, summary: carriedState(table), nowMs: clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
}

describe('a repair', () => {
  test('does the work itself where no rollup is at work, and tells how it goes on', async () => {
    const before = await volumes()
    await loseMinutes()
    const done = await repair(withTrino(world), REQUEST, say, IDLE)
    expect(done).toEqual({ hours: expect.any(Number), changed: 4 })
    expect(lines).toEqual([
      `0 of ${done.hours} hours are done`,
      `${done.hours} of ${done.hours} hours are done`,
    ])
    expect((await volumes()).filter(row => row.includes(',m1,'))).toHaveLength(4)
    await repair(withTrino(world), { ...REQUEST, toUs: Date.UTC(2026, 2) * 1000 }, say, IDLE)
    expect(await volumes()).toEqual(before)
  })

  test('waits for a rollup that is at work, and writes no row itself', async () => {
    await loseMinutes()
    let looks = 0
    const watched = (line: string) => {
      say(line)
      if (looks++ === 1) void rollupCandles(withTrino(world), UNBOUNDED)
    }
    const done = await repair(withTrino(world), REQUEST, watched, { idleMs: 90_000, pauseMs: 1 })
    expect(done.changed).toBe(0)
    expect((await stateOfCandles(world)).hours.damaged.isEmpty).toBe(true)
  })

  test('refuses a stretch of which candles are held, and says which; told to, it lets these follow their ticks', async () => {
    await rewriteRows(world, TICKS_TABLE, row => (Number(row.date_time) < DAY.toUs ? undefined : row))
    await rollupCandles(withTrino(world), UNBOUNDED)
    const all = { fromUs: Date.UTC(2026, 0) * 1000, toUs: Date.UTC(2026, 2) * 1000 }
    const refused = repair(withTrino(world), { ...all, followTicks: false }, say, IDLE)
    await expect(refused).rejects.toMatchObject({
      code: 'CANDLES_HELD',
      message: expect.stringContaining('24 hours of the stretch, from 2026-02-20 to 2026-02-20,'),
    })
    const later = { ...all, fromUs: DAY.toUs }
    expect(await repair(withTrino(world), { ...later, followTicks: false }, say, IDLE)).toMatchObject({
      changed: 0,
    })
    const follow = { ...DAY, followTicks: true }
    expect(await dryRun(world.services, follow, {}, () => {})).toMatchObject({ missing: 0, surplus: 34 })
    await repair(withTrino(world), follow, say, IDLE)
    expect((await volumes()).filter(row => row.includes(',m1,'))).toHaveLength(2)
    expect((await stateOfCandles(world)).held.isEmpty).toBe(true)
  })

  test('of a stretch in which there is nothing is done at once', async () => {
    const march = { fromUs: Date.UTC(2027, 0) * 1000, toUs: Date.UTC(2027, 1) * 1000, followTicks: false }
    expect(await repair(withTrino(world), march, say, IDLE)).toEqual({ hours: 0, changed: 0 })
  })
})

describe('a dry run', () => {
  test('tells what would change, of the symbol that is asked for, and changes nothing', async () => {
    await loseMinutes()
    const before = await world.catalog.loadTable(CANDLES_TABLE)
    const all = await dryRun(world.services, REQUEST, {}, say)
    expect(all).toMatchObject({ missing: 4, surplus: 0, differing: 0 })
    expect(await dryRun(world.services, REQUEST, { symbol: 'x' }, say)).toMatchObject({
      hours: all.hours,
      missing: 2,
    })
    expect(await dryRun(world.services, REQUEST, { source: 'nobody' }, say)).toMatchObject({
      missing: 0,
      differences: [],
    })
    expect(await world.catalog.loadTable(CANDLES_TABLE)).toEqual(before)
  })
})
