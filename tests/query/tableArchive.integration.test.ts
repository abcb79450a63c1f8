import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { currentManifests } from '../../lib/iceberg/manifest/readManifests.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { readCandlePage } from '../../lib/query/readCandlePage.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { type OwnTables, openTables } from '../integration/tablesOfItsOwn.ts'
import { candle } from '../support/candles.ts'
import { appendCandles } from '../support/candleTable.ts'
import { insertCandles } from '../support/insertCandles.ts'

const START_US = Date.UTC(2026, 1, 26) * 1000
const SYMBOLS = ['AAA', 'B b', `C'"`, '\u{1f600}', 'ZZZ']

let tables: OwnTables
beforeAll(async () => {
  tables = await openTables('read_path')
})
afterAll(() => tables.close())

/** Candles of all timeframes and symbols, each bucket once, made of minutes with one tick each. */
function candlesOf(minutes: readonly number[], of: Partial<Candle> = {}): Candle[] {
  const found = new Map<string, Candle>()
  for (const symbol of of.symbol === undefined ? SYMBOLS : [of.symbol]) {
    for (const minute of minutes) {
      for (const grid of TIMEFRAMES) {
        const dateTimeUs = bucketStart(grid, START_US + minute * MINUTE_US)
        const key = `${symbol} ${grid.name} ${dateTimeUs}`
        const values = { volume: minute, open: minute / 7, closed: minute % 2 === 0 }
        found.set(key, candle({ ...values, timeframe: grid.name, dateTimeUs, ...of, symbol }))
      }
    }
  }
  return [...found.values()]
}

const every = (step: number, from: number, to: number) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step)

interface TrinoRow extends Omit<Candle, 'dateTimeUs' | 'updatedAtUs'> {
  readonly start: number
  readonly updated: number
}

/** All rows of the table as Trino reads them, oldest first. */
async function rowsOfTrino(): Promise<Candle[]> {
  const rows = await tables.trino<TrinoRow>(
    `SELECT source, symbol, timeframe, CAST(round(to_unixtime(date_time) * 1e6) AS bigint) AS start, open, high, low, close,
       volume, closed, revision, CAST(round(to_unixtime(updated_at) * 1e6) AS bigint) AS updated
     FROM {candles} ORDER BY date_time`,
  )
  return rows.map(({ start, updated, ...row }) => ({ ...row, dateTimeUs: start, updatedAtUs: updated }))
}

/** Compares every page of every symbol and timeframe with Trino, and the list of symbols. */
async function comparePages(wholeBytes: number): Promise<number> {
  const stored = await rowsOfTrino()
  const snapshot = await new TableArchive({ ...tables.services, nowMs: Date.now }, { wholeBytes }).current()
  const bySymbol = Map.groupBy(stored, ({ source, symbol }) => JSON.stringify([source, symbol]))
  for (const rows of bySymbol.values()) {
    const { source, symbol } = rows[0]!
    for (const { name: timeframe } of TIMEFRAMES) {
      const request = { source, symbol, timeframe, fromUs: undefined, limit: 50 }
      const found: Candle[] = []
      let toUs: number | undefined
      do {
        const page = await readCandlePage(snapshot, { ...request, toUs })
        found.unshift(...page.candles)
        toUs = page.olderUs
      } while (toUs !== undefined)
      expect(found, `${symbol} ${timeframe}`).toEqual(rows.filter(row => row.timeframe === timeframe))
    }
  }
  const listed = new Set(
    stored.filter(({ timeframe }) => timeframe === 'M1').map(({ source, symbol }) => `${source} ${symbol}`),
  )
  expect((await snapshot.symbols()).map(({ source, symbol }) => `${source} ${symbol}`)).toEqual(
    [...listed].sort(),
  )
  return stored.length
}

describe('pages read from the files of the table', () => {
  test('equal what Trino reads: of rollup, of other writers, of other partitioning, with deleted and changed rows', async () => {
    const world = {
      catalog: tables.services.catalog,
      services: { store: tables.services.store },
      clock: { nowMs: Date.now() },
    }
    const ticks = every(3, 0, 900).map(minute => ({
      symbol: 'ROLLED',
      dateTime: new Date((START_US + minute * MINUTE_US) / 1000).toISOString().slice(0, 19),
      mid: 100 + (minute % 31),
    }))
    await tables.ingest(ticks)
    await tables.rollup()
    // As rollup lays them out, by time.
    await appendCandles(world, [
      { rows: candlesOf(every(11, 0, 6_000)).toSorted((a, b) => a.dateTimeUs - b.dateTimeUs) },
    ])
    // In row groups, by symbol.
    await appendCandles(world, [{ rows: candlesOf(every(97, 400_000, 420_000)), groupRows: 40 }])
    // Of Trino, in its own partitioning.
    await insertCandles(tables.services.query, candlesOf(every(61, -60_000, -57_000)))
    await tables.trino(`ALTER TABLE {candles} SET PROPERTIES partitioning = ARRAY['symbol']`)
    await insertCandles(tables.services.query, candlesOf(every(7, -200_000, -199_800)))
    await tables.trino(
      `ALTER TABLE {candles} SET PROPERTIES partitioning = ARRAY['timeframe', 'month(date_time)']`,
    )
    const gone = candlesOf([5, 50_000]).map(one => ({ ...one, timeframe: `removed_${one.timeframe}` }))
    await insertCandles(tables.services.query, gone)
    // One candle every 18 months, for 55 years.
    const years = every(18, 0, 648).map(month => (Date.UTC(1971, month) * 1000 - START_US) / MINUTE_US)
    // Trino writes to 100 partitions at most in one statement.
    for (let i = 0; i < years.length; i += 8)
      await insertCandles(tables.services.query, candlesOf(years.slice(i, i + 8), { symbol: 'SPARSE' }))
    const before = await comparePages(0)
    expect(before).toBeGreaterThan(5_000)

    await tables.trino(`DELETE FROM {candles} WHERE volume % 5 = 3 AND timeframe <> 'M1'`)
    await tables.trino(
      `UPDATE {candles} SET close = close + 1, revision = revision + 1 WHERE symbol = 'B b' AND volume % 3 = 0`,
    )
    const deletes = await currentManifests(world.services.store, await world.catalog.loadTable(CANDLES_TABLE))
    expect(deletes.some(({ content }) => content === 'deletes')).toBe(true)
    expect(await comparePages(0)).toBeLessThan(before)
    await comparePages(256 * 1024)
  })

  test('of a symbol with a candle every 18 months take one request', async () => {
    const snapshot = await new TableArchive({ ...tables.services, nowMs: Date.now }).current()
    const request = {
      source: 'S',
      symbol: 'SPARSE',
      timeframe: 'm1',
      fromUs: undefined,
      toUs: undefined,
    } as const
    const { candles, olderUs } = await readCandlePage(snapshot, { ...request, limit: 500 })
    expect(candles.length).toBeGreaterThan(25)
    expect(olderUs).toBeUndefined()
  })
})
