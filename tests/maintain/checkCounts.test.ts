import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { type CountServices, checkCounts } from '../../lib/maintain/checkCounts.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { dayOf } from '../../lib/market/time.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import {
  type CandlesState,
  candlesState,
  candlesSummary,
  NOTHING_STALE,
} from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { rewriteRows } from '../support/foreignEngine.ts'
import { insertDay } from '../support/insertDay.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { MemoryVolumes } from '../support/memoryVolumes.ts'
import { withTrino } from '../support/rollupCalls.ts'
import { batch, ingest, newWorld, produce, tickJson, type World } from '../support/world.ts'

const DAYS = ['2026-02-25', '2026-02-26', '2026-02-28']
const [FIRST, SECOND] = DAYS.map(day => dayOf(Date.parse(day) * 1000)) as [number, number]

let world: World
let trino: MemoryVolumes
let warnings: [string, object | undefined][]
let offset: number
beforeEach(async () => {
  world = await newWorld()
  trino = new MemoryVolumes(world.services)
  warnings = []
  offset = 0
  for (const day of DAYS) await addTicks(`${day}T10:00:00`, `${day}T10:00:30`, `${day}T23:59:59`)
  await rollUpInMemory(world.services, 0)
})

const check = (changes: Partial<CountServices> = {}) => {
  const log = {
    ...world.services.log,
    warn: (...line: [string, object?]) => void warnings.push([line[0], line[1]]),
  }
  return checkCounts({ ...world.services, query: trino, log, ...changes })
}
const load = (ident: TableIdent) => world.catalog.loadTable(ident)
const stateNow = async () => candlesState(await load(CANDLES_TABLE))

async function addTicks(...moments: string[]): Promise<void> {
  produce(world, 0, ...moments.map((moment, i) => tickJson(i, moment)))
  const from = offset
  offset += moments.length
  await ingest(world, [await batch(world, 0, from, offset)], { trust: newTrust() })
}

async function removeFiles(ident: TableIdent, isGone: (file: LiveFile) => boolean): Promise<void> {
  const table = await load(ident)
  const remove = await planFiles(world.services.store, table, { keep: isGone })
  const change = { add: [], remove, summary: carriedState(table), nowMs: world.clock.nowMs }
  await commitSnapshot(world.catalog, table, await stageSnapshot(world.services.store, table, change))
}

const ofDay =
  (day: number) =>
  ({ partition }: LiveFile) =>
    partition.date_time_day === day
const isOfMinutes = ({ partition }: LiveFile) => partition.timeframe === 'm1'

async function say(changes: Partial<CandlesState>): Promise<void> {
  const table = await load(CANDLES_TABLE)
  const summary = candlesSummary({ ...candlesState(table), ...changes })
  const change = { add: [], summary, nowMs: world.clock.nowMs }
  await commitSnapshot(world.catalog, table, await stageSnapshot(world.services.store, table, change))
}

describe('the check of counts', () => {
  test('finds 3 days right by one statement, and changes nothing', async () => {
    const before = await load(CANDLES_TABLE)
    expect(await check()).toEqual({ days: 3, differing: 0, hoursMarked: 0 })
    expect(trino.statements).toHaveLength(1)
    expect((await load(CANDLES_TABLE)).metadata.currentSnapshotId).toBe(before.metadata.currentSnapshotId)
    expect(warnings).toEqual([])
  })

  test('logs days whose candles lack ticks with both counts, and marks the hours that have rows', async () => {
    await removeFiles(CANDLES_TABLE, isOfMinutes)
    expect(await check()).toMatchObject({ days: 3, differing: 3 })
    expect(warnings.map(([, fields]) => fields)).toEqual(DAYS.map(day => ({ day, ticks: 3, inCandles: 0 })))
    const { stale, damaged } = (await stateNow()).hours
    const hours = HourSet.of(DAYS.flatMap(day => [10, 23].map(hour => Date.parse(day) / 3_600_000 + hour)))
    expect(hours.minus(damaged).isEmpty).toBe(true)
    expect(damaged.minus(stale).isEmpty).toBe(true)
    expect(damaged.touches(Date.parse('2026-02-27') * 1000, Date.parse('2026-02-28') * 1000)).toBe(false)
  })

  test('does not compare marked days again until rollup has recomputed them', async () => {
    await removeFiles(CANDLES_TABLE, isOfMinutes)
    await check()
    expect(await check()).toEqual({ days: 0, differing: 0, hoursMarked: 0 })
    expect(trino.statements).toHaveLength(1)
    await rollUpInMemory(world.services, 0)
    expect(await check()).toEqual({ days: 3, differing: 0, hoursMarked: 0 })
  })

  test('marks the one day of which a tick is there twice, and no other', async () => {
    const table = await load(TICKS_TABLE)
    const [file] = await planFiles(world.services.store, table, { keep: ofDay(SECOND) })
    const summary = carriedState(table)
    const change = { add: [{ ...file!, path: file!.path }], summary, nowMs: world.clock.nowMs }
    const staged = await stageSnapshot(world.services.store, table, change)
    const { metadata } = await commitSnapshot(world.catalog, table, staged)
    await say({ ticksSequence: metadata.lastSequenceNumber })
    expect(await check()).toMatchObject({ days: 3, differing: 1 })
    expect(warnings).toMatchObject([[expect.any(String), { day: DAYS[1], ticks: 6, inCandles: 3 }]])
    const { damaged } = (await stateNow()).hours
    expect(damaged.days().map(([day]) => day)).toEqual([SECOND])
  })

  test('counts no tick that others deleted by its place, and no day of which they deleted some by values', async () => {
    const [first, second] = await planFiles(world.services.store, await load(TICKS_TABLE))
    await deleteRows(world.services, TICKS_TABLE, [{ file: first!, places: [1] }])
    await deleteRows(world.services, TICKS_TABLE, [{ file: second!, places: [1] }], { byEquality: true })
    expect(await check()).toMatchObject({ days: 2, differing: 1 })
    expect(warnings).toMatchObject([[expect.any(String), { ticks: 2, inCandles: 3 }]])
  })

  test.each([Number.NaN, Number.NEGATIVE_INFINITY])(
    'counts no tick whose price others have set to %s',
    async mid => {
      const spoiled = Date.parse(`${DAYS[1]}T10:00:30Z`) * 1000
      await rewriteRows(world, TICKS_TABLE, row => (row.date_time === spoiled ? { ...row, mid } : row))
      await rollupCandles(withTrino(world), UNBOUNDED)
      expect(await check()).toEqual({ days: 3, differing: 0, hoursMarked: 0 })
      await removeFiles(CANDLES_TABLE, isOfMinutes)
      expect(await check()).toMatchObject({ days: 3, differing: 3 })
    },
  )

  test('leaves out days with hours whose candles are held, and no others', async () => {
    await removeFiles(CANDLES_TABLE, isOfMinutes)
    await say({ held: HourSet.of([FIRST * 24 + 7]) })
    expect(await check()).toMatchObject({ days: 2, differing: 2 })
    expect(warnings.map(([, fields]) => fields)).toMatchObject([{ day: DAYS[1] }, { day: DAYS[2] }])
  })

  test('leaves out days with stale hours, and those with ticks that the candles have not seen', async () => {
    await removeFiles(CANDLES_TABLE, isOfMinutes)
    await say({ hours: { ...NOTHING_STALE, stale: HourSet.of([FIRST * 24 + 3]) } })
    await addTicks(`${DAYS[1]}T12:00:00`)
    expect(await check()).toMatchObject({ days: 1, differing: 1 })
    expect(warnings).toMatchObject([[expect.any(String), { day: DAYS[2] }]])
  })

  test('leaves out days whose ticks were all deleted: their candles are the archive', async () => {
    await removeFiles(TICKS_TABLE, ofDay(FIRST))
    expect(await check()).toEqual({ days: 2, differing: 0, hoursMarked: 0 })
  })

  test.each(['0001-01-01', '+280000-01-01'])('leaves out a day that no candle is made of: %s', async day => {
    // No `Date` reaches beyond the year 275760.
    await insertDay(world, day.startsWith('+') ? 101_000_000 : Date.parse(day) / 86_400_000)
    await say({ ticksSequence: (await load(TICKS_TABLE)).metadata.lastSequenceNumber })
    expect(await check()).toEqual({ days: 3, differing: 0, hoursMarked: 0 })
    expect(warnings).toEqual([])
  })

  test('asks by a statement of a few kB when 100 days lie scattered over a century', async () => {
    const scattered = Array.from({ length: 100 }, (_, i) => {
      return `${new Date(i * 300 * 86_400_000).toISOString().slice(0, 10)}T00:00:00`
    })
    const limits = { ...world.services.settings.limits, maxAheadMs: 1e13 }
    produce(world, 0, ...scattered.map((moment, i) => tickJson(i, moment)))
    const settings = { ...world.services.settings, limits }
    await ingest(world, [await batch(world, 0, offset, offset + 100)], { settings, trust: newTrust() })
    await rollUpInMemory(world.services, 0)
    expect(await check()).toEqual({ days: 103, differing: 0, hoursMarked: 0 })
    expect(trino.statements[0]!.length).toBeLessThan(5_000)
  })

  test('says that Trino is away, and goes on', async () => {
    trino.isAway = true
    expect(await check()).toEqual({ days: 0, differing: 0, hoursMarked: 0 })
    expect(warnings).toMatchObject([['ticks and candles were not counted', { code: 'TRINO_UNAVAILABLE' }]])
  })

  test('asks nothing in the first 10 s of a minute, which are of rollup, and ends by its second 50', async () => {
    const minuteMs = Math.ceil(world.clock.nowMs / 60_000) * 60_000
    const startedMs = Date.now()
    const nowMs = () => minuteMs + 9_900 + Date.now() - startedMs
    await check({ nowMs })
    expect(trino.timeoutsMs).toHaveLength(1)
    expect(trino.timeoutsMs[0]).toBeLessThanOrEqual(40_000)
    expect(trino.timeoutsMs[0]).toBeGreaterThan(30_000)
  })

  test('of an empty pipeline asks nothing', async () => {
    world = await newWorld()
    expect(await check()).toEqual({ days: 0, differing: 0, hoursMarked: 0 })
    expect(trino.statements).toEqual([])
  })
})
