import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { HourSet } from '../../lib/market/hours.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { candle } from '../support/candles.ts'
import { answerLost, conflict, faultyCatalog, neverArrived } from '../support/faultyCatalog.ts'
import { addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const at = (text: string) => Date.parse(`2026-02-${text}Z`) * 1_000
const range = (from: string, to: string) => ({ fromUs: at(from), toUs: at(to) })
const EVER = { fromUs: Date.UTC(1700, 0) * 1_000, toUs: Date.UTC(2200, 0) * 1_000 }

let world: World
beforeEach(async () => {
  world = await newWorld()
})
const listed = (hours: HourSet) =>
  [...hours.hours()].map(hour => new Date(hour * 3_600_000).toISOString().slice(8, 13))
const hours = async () => (await stateOfCandles(world)).hours
const commits = async () => (await world.catalog.loadTable(CANDLES_TABLE)).metadata.snapshots.length

/** Ticks in some hours of February, each day's in a file of its own, and the candles of them. */
async function fill(...times: string[]): Promise<void> {
  await addTicks(
    world,
    times.map(time => `2026-02-${time}`),
  )
  await rollupCandles(withTrino(world), UNBOUNDED)
}

describe('marking stretches of time', () => {
  beforeEach(() => fill('10T05:30:00', '10T09:30:00', '12T07:15:00', '12T07:45:00', '20T01:00:00'))

  test('marks their hours, damaged and stale, and gives how many', async () => {
    expect(await markRanges(world.services, [range('10T06:00', '10T08:00')])).toBe(2)
    const { stale, damaged, owed } = await hours()
    expect([stale, damaged, owed].map(listed)).toEqual([['10T06', '10T07'], ['10T06', '10T07'], []])
  })

  test('marks those of several in one commit, in whatever order they are and however they overlap', async () => {
    const before = await commits()
    const ranges = [
      range('20T00:00', '21T00:00'),
      range('10T07:00', '10T09:00'),
      range('10T06:30', '10T08:00'),
      range('12T07:20', '12T07:21'),
      range('10T07:00', '10T09:00'),
    ]
    expect(await markRanges(world.services, ranges)).toBe(6)
    expect(listed((await hours()).damaged)).toEqual(['10T06', '10T07', '10T08', '12T07', '20T00', '20T01'])
    expect(await commits()).toBe(before + 1)
  })

  test('marks the hours of no moment that has neither ticks nor candles: of five centuries a few', async () => {
    expect(await markRanges(world.services, [EVER])).toBeLessThan(20 * 24)
    const { damaged } = await hours()
    expect(listed(damaged)).toEqual(expect.arrayContaining(['10T05', '10T09', '12T07', '20T01']))
    expect(listed(damaged).every(hour => hour >= '01T00' && hour <= '20T01')).toBe(true)
  })

  test('marks one hour where there is nothing but a part of coarser candles', async () => {
    expect(await markRanges(world.services, [range('25T06:00', '27T00:00')])).toBe(1)
    expect(listed((await hours()).damaged)).toEqual(['25T06'])
  })

  test('marks nothing where there is nothing', async () => {
    const before = await stateOfCandles(world)
    const march = { fromUs: Date.UTC(2026, 2) * 1_000, toUs: Date.UTC(2027, 0) * 1_000 }
    expect(await markRanges(world.services, [march])).toBe(0)
    expect(await markRanges(world.services, [])).toBe(0)
    expect(await stateOfCandles(world)).toEqual(before)
  })

  test('adds to what is marked, and keeps all else that the candles say of themselves', async () => {
    const before = await stateOfCandles(world)
    await markRanges(world.services, [range('10T05:00', '10T06:00')])
    await markRanges(world.services, [range('20T01:00', '20T02:00')])
    const after = await stateOfCandles(world)
    expect(listed(after.hours.damaged)).toEqual(['10T05', '20T01'])
    expect({ ...after, hours: undefined }).toEqual({ ...before, hours: undefined })
  })

  test.each([
    ['lost a race', conflict, 1],
    ['had no answer, and was made', answerLost, 2],
    ['had no answer, and was not made', neverArrived, 1],
  ])('marks once more after a commit that %s', async (_, fault, made) => {
    const before = await commits()
    const services = { ...world.services, catalog: faultyCatalog(world.catalog, fault) }
    expect(await markRanges(services, [range('10T06:00', '10T08:00')])).toBe(2)
    expect(listed((await hours()).damaged)).toEqual(['10T06', '10T07'])
    expect(await commits()).toBe(before + made)
  })
})

describe('hours that are marked', () => {
  const sound = async () =>
    (await candlesIn(world))
      .map(({ timeframe, dateTimeUs, open, volume }) => ({ timeframe, dateTimeUs, open, volume }))
      .filter(({ timeframe }) => !timeframe.startsWith('removed_'))
      .sort((a, b) => a.timeframe.localeCompare(b.timeframe) || a.dateTimeUs - b.dateTimeUs)

  test('are made again in every timeframe from their ticks, also where no candle is left of them', async () => {
    await fill('10T05:30:00', '12T07:15:00')
    const before = await sound()
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(CANDLES_TABLE)
    const remove = await planFiles(services.store, table)
    const summary = carriedState(table)
    const staged = await stageSnapshot(services.store, table, {
      add: [],
      remove,
      summary,
      nowMs: clock.nowMs,
    })
    await commitSnapshot(catalog, table, staged)
    expect(await sound()).toEqual([])
    expect(await markRanges(services, [EVER])).toBe(2)
    await rollupCandles(withTrino(world), UNBOUNDED)
    expect(await sound()).toEqual(before)
  })

  test.each(['10T23:00', '10T12:00'])(
    'lose the coarser candles, where they are all that is left, by any hour of them: %s',
    async from => {
      await fill('10T22:30:00')
      const { catalog, services, clock } = world
      const emptied = await catalog.loadTable(TICKS_TABLE)
      const ticks = await planFiles(services.store, emptied)
      const change = { add: [], remove: ticks, summary: carriedState(emptied), nowMs: clock.nowMs }
      await commitSnapshot(catalog, emptied, await stageSnapshot(services.store, emptied, change))
      const table = await catalog.loadTable(CANDLES_TABLE)
      const remove = (await planFiles(services.store, table)).filter(
        ({ partition }) => !['D1', 'W1', 'M1'].includes(String(partition.timeframe)),
      )
      const summary = carriedState(table)
      const staged = await stageSnapshot(services.store, table, {
        add: [],
        remove,
        summary,
        nowMs: clock.nowMs,
      })
      await commitSnapshot(catalog, table, staged)
      expect(await sound()).toHaveLength(3)
      const fromUs = at(from)
      expect(await markRanges(services, [{ fromUs, toUs: fromUs + 3_600_000_000 }])).toBe(1)
      await rollupCandles(withTrino(world), UNBOUNDED)
      expect(await sound()).toEqual([])
    },
  )

  test('lose the candles that have no ticks, also where there is no tick at all', async () => {
    await fill('10T05:30:00')
    const before = await sound()
    const { catalog, services, clock } = world
    const table = await catalog.loadTable(CANDLES_TABLE)
    const rows = [candle({ symbol: 'y', dateTimeUs: at('15T03:10') })]
    const add = [await writeDataFile(services.store, table, candleColumns(rows), 1)]
    await commitSnapshot(
      catalog,
      table,
      await stageSnapshot(services.store, table, { add, summary: carriedState(table), nowMs: clock.nowMs }),
    )
    expect(await sound()).toHaveLength(before.length + 1)
    expect(await markRanges(services, [range('15T03:00', '15T04:00')])).toBe(1)
    await rollupCandles(withTrino(world), UNBOUNDED)
    expect(await sound()).toEqual(before)
    expect((await hours()).stale.isEmpty).toBe(true)
  })
})

test('no hour is marked where the candles are of other ticks', async () => {
  await fill('10T05:30:00')
  await world.catalog.dropTable(TICKS_TABLE)
  const other = await newWorld()
  const catalog = {
    ...faultyCatalog(world.catalog),
    loadTable: async (ident: typeof TICKS_TABLE) =>
      (ident.name === TICKS_TABLE.name ? other : world).catalog.loadTable(ident),
  }
  await expect(markRanges({ ...world.services, catalog }, [EVER])).rejects.toMatchObject({
    code: 'TICKS_GONE',
  })
})
