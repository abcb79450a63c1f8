import { describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { type DataFile, lowerBound, upperBound } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { candleStretches } from '../../lib/maintain/candleStretches.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { type Candle, candleId } from '../../lib/market/candle.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { MINUTE_US } from '../../lib/market/time.ts'
import { commitCandles } from '../../lib/rollup/commitCandles.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { ALL_SYMBOLS } from '../../lib/rollup/symbolShare.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLE_FIELDS, CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { candleFile } from '../support/candleFile.ts'
import { CountingStore } from '../support/countingStore.ts'
import { newWorld, type World } from '../support/world.ts'

const HOUR = 60
const DAY = 24 * HOUR
/** A Wednesday in the middle of a month, minutes since 1970. */
const TODAY = Date.parse('2026-04-15T00:00:00Z') / 60_000
const NOON_US = (TODAY + 12 * HOUR) * MINUTE_US

describe('the files of a stretch', () => {
  const full = { rows: 50_000, open: false }
  const minutes = (from: number) => candleFile(`m1 ${from}`, { from, to: from + 9, ...full })
  const hours = (from: number) =>
    candleFile(`h1 ${from}`, { timeframe: 'h1', from, to: from + 9 * HOUR, ...full })
  const days = (from: number) =>
    candleFile(`D1 ${from}`, { timeframe: 'D1', from, to: from + 9 * DAY, ...full })
  const chosen = (files: ReturnType<typeof candleFile>[]) =>
    candleStretches(files, NOON_US).map(stretch => stretch.map(({ path }) => path))

  test('of m1 end before the hour that live rounds begin with', () => {
    const from = TODAY + 11 * HOUR - 40
    expect(chosen([from, from + 10, from + 20, from + 30].map(minutes))).toEqual([])
    expect(chosen([from - 40, from - 30].map(minutes))).toHaveLength(1)
    expect(chosen([TODAY + 11 * HOUR, TODAY + 11 * HOUR + 10].map(minutes))).toEqual([])
  })

  test('of h1 end before the day that live rounds begin with, of D1 before its week and month', () => {
    expect(chosen([TODAY - 40 * HOUR, TODAY - 30 * HOUR].map(hours))).toHaveLength(1)
    expect(chosen([TODAY - 10 * HOUR, TODAY].map(hours))).toEqual([])
    expect(chosen([TODAY - 72 * DAY, TODAY - 62 * DAY].map(days))).toHaveLength(1)
    expect(chosen([TODAY - 13 * DAY, TODAY - 3 * DAY].map(days))).toEqual([])
  })

  test('are those of many symbols: few have 500 candles in few files', () => {
    const from = TODAY - 10 * DAY
    const long = [0, 49, 98].map(minute =>
      candleFile(`${minute}`, { from: from + minute, to: from + minute + 49, ...full }),
    )
    expect(chosen(long)).toHaveLength(1)
    const longer = [0, 50, 100].map(minute =>
      candleFile(`${minute}`, { from: from + minute, to: from + minute + 50, ...full }),
    )
    expect(chosen(longer)).toEqual([])
  })
})

describe('full files of many symbols', () => {
  const SYMBOLS = 1_500
  const MINUTES = 40

  /** A world with two files of a past morning, as rollup leaves them. */
  async function settled(): Promise<World> {
    const world = await newWorld({ startMs: NOON_US / 1_000 + 30_000 })
    const { store } = world.services
    const candles = await world.catalog.loadTable(CANDLES_TABLE)
    const rows = Array.from({ length: SYMBOLS * MINUTES }, (_, i) => candle(i))
    const add = [rows.slice(0, 30_000), rows.slice(30_000)].map(some =>
      writeDataFile(store, candles, candleColumns(some), some.length),
    )
    const summary = candlesSummary(candlesState(candles))
    const change = { add: await Promise.all(add), summary, nowMs: world.clock.nowMs }
    await commitSnapshot(world.catalog, candles, await stageSnapshot(store, candles, change))
    return world
  }

  function candle(i: number): Candle {
    const symbol = `x${String(i % SYMBOLS).padStart(4, '0')}`
    const dateTimeUs = (TODAY + Math.floor(i / SYMBOLS)) * MINUTE_US
    const values = { open: i, high: i + 2, low: i - 2, close: i + 1, volume: 3 }
    const key = { source: 's', symbol, timeframe: 'm1', dateTimeUs }
    return { ...key, ...values, closed: true, revision: 1, updatedAtUs: 1_000_000 + i }
  }

  const filesOf = async ({ catalog, services }: World) =>
    planFiles(services.store, await catalog.loadTable(CANDLES_TABLE))
  const rowsOf = async (world: World) => {
    const files = await filesOf(world)
    const read = await Promise.all(files.map(file => readCandles(world.services.store, file)))
    return read.flat().sort((a, b) => (candleId(a) < candleId(b) ? -1 : 1) || a.dateTimeUs - b.dateTimeUs)
  }
  const boundsOf = (file: DataFile) => [
    lowerBound(file, CANDLE_FIELDS.symbol),
    upperBound(file, CANDLE_FIELDS.symbol),
  ]
  const compact = (world: World) => maintain(world.services, { only: 'compaction' }, () => 240_000)

  test('become files by symbol, with the same rows; a second call finds nothing to do', async () => {
    const world = await settled()
    const before = await rowsOf(world)
    expect(await compact(world)).toMatchObject({ 'market_data.candles': { merged: 2, into: 2 } })
    const files = await filesOf(world)
    expect(files.map(boundsOf).sort()).toEqual([
      ['x0000', 'x0749'],
      ['x0750', 'x1499'],
    ])
    for (const { splitOffsets } of files) expect(splitOffsets).toHaveLength(6)
    const after = await rowsOf(world)
    expect(after.length).toBe(SYMBOLS * MINUTES)
    expect(after).toEqual(before)
    expect(await compact(world)).toMatchObject({ 'market_data.candles': { merged: 0, into: 0 } })
  })

  test('are read and rewritten one by one by late ticks: those of their symbols', async () => {
    const world = await settled()
    await compact(world)
    const before = await filesOf(world)
    const late = candle(5 * SYMBOLS + 800)
    const read = await change(world, { ...late, high: late.high + 7 })
    const after = await filesOf(world)
    const paths = new Set(after.map(({ path }) => path))
    const [gone] = before.filter(({ path }) => !paths.has(path))
    expect(boundsOf(gone!)).toEqual(['x0750', 'x1499'])
    expect(new Set(read)).toEqual(new Set([gone!.path]))
    const rewritten = after.find(file => file.recordCount === gone!.recordCount && !before.includes(file))!
    const [rows, expected] = await Promise.all(
      [rewritten, gone!].map(file => readCandles(world.services.store, file)),
    )
    const at = expected!.findIndex(
      row => candleId(row) === candleId(late) && row.dateTimeUs === late.dateTimeUs,
    )
    expect(rows![at]).toMatchObject({ high: late.high + 7, revision: 2 })
    expect(rows!.with(at, expected![at]!)).toEqual(expected)
  })

  /** Commits a differing minute as a backlog round does. Returns the files that it read. */
  async function change({ services, catalog }: World, computed: Candle): Promise<readonly string[]> {
    const store = new CountingStore(services.store)
    const candles = await catalog.loadTable(CANDLES_TABLE)
    const files = await planFiles(services.store, candles)
    const none = { complete: [], surplus: [], closing: [] }
    const scope = { whole: HourSet.EMPTY, skip: HourSet.EMPTY }
    await commitCandles({ ...services, store }, candles, candlesState(candles), {
      ...none,
      ...{ files, scope, share: ALL_SYMBOLS, isLive: false },
      computed: [computed],
    })
    return store.dataFilesRead
  }
})
