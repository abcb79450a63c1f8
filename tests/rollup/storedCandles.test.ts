import { beforeEach, describe, expect, test } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { rowsFor } from '../../lib/market/refold.ts'
import { NEWEST_US, OLDEST_US } from '../../lib/market/time.ts'
import {
  bucketsOf,
  isMerelyBeside,
  liveReach,
  readMinuteByMinute,
  readOnce,
  touchedFiles,
} from '../../lib/rollup/storedCandles.ts'
import { SomeSymbols } from '../../lib/tables/candleFiles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { candleFile } from '../support/candleFile.ts'
import { CountingStore } from '../support/countingStore.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, tickJson } from '../support/world.ts'

const MINUTE = 60_000_000
const HOUR = 60
const DAY = 24 * HOUR
/** The 71st minute of 1970: a Thursday, the first of a month. */
const MINUTES = rowsFor([{ fromUs: 70 * MINUTE, toUs: 71 * MINUTE }])
const LARGE = { rows: 9_000 }

function touched(...files: LiveFile[]) {
  const { changing, reading } = touchedFiles(files, MINUTES)
  const names = (some: readonly LiveFile[]) => some.map(({ path }) => path)
  return { changing: names(changing), reading: names(reading) }
}

describe('touchedFiles', () => {
  test('files that may hold a changing candle change; large ones beside them are left out', () => {
    const files = [
      candleFile('minutes', { from: 60, to: 80, ...LARGE }),
      candleFile('hour', { timeframe: 'h1', from: HOUR, ...LARGE }),
      candleFile('next four hours', { timeframe: 'h4', from: 4 * HOUR, ...LARGE }),
      candleFile('day', { timeframe: 'D1', from: 0, ...LARGE }),
      candleFile('next day', { timeframe: 'h3', from: DAY, ...LARGE }),
    ]
    expect(touched(...files)).toEqual({ changing: ['minutes', 'hour', 'day'], reading: [] })
  })

  test('files that a changing candle is put together from are read: its minutes, hours and days', () => {
    const files = [
      candleFile('minutes of the hour', { from: 100, to: 119, ...LARGE }),
      candleFile('minutes of the next hour', { from: 120, to: 179, ...LARGE }),
      candleFile('hours of the day', { timeframe: 'h1', from: 23 * HOUR, ...LARGE }),
      candleFile('hours of the next day', { timeframe: 'h1', from: DAY, ...LARGE }),
      candleFile('days of the month', { timeframe: 'D1', from: 30 * DAY, ...LARGE }),
      candleFile('days of the week', { timeframe: 'D1', from: -3 * DAY, ...LARGE }),
      candleFile('days of neither', { timeframe: 'D1', from: 31 * DAY, ...LARGE }),
      candleFile('the next week', { timeframe: 'W1', from: 4 * DAY, ...LARGE }),
    ]
    expect(touched(...files)).toEqual({
      changing: [],
      reading: ['minutes of the hour', 'hours of the day', 'days of the month', 'days of the week'],
    })
  })

  test('a small file in the partition of a changing candle is written again with it', () => {
    const files = [
      candleFile('small', { from: 5_000, to: 5_010, rows: 9 }),
      candleFile('large', { from: 5_000, to: 5_010, ...LARGE }),
      candleFile('small of the next month', { from: 40 * DAY, rows: 9 }),
      candleFile('the next month itself', { timeframe: 'M1', from: 31 * DAY, rows: 9 }),
    ]
    expect(touched(...files)).toEqual({ changing: ['small'], reading: [] })
  })

  test('2,000 rows are no longer small', () => {
    expect(touched(candleFile('file', { from: 5_000, rows: 1_999 })).changing).toEqual(['file'])
    expect(touched(candleFile('file', { from: 5_000, rows: 2_000 })).changing).toEqual([])
  })

  test('files of removed candles change where a candle may come back, and are not read for others', () => {
    const files = [
      candleFile('the minute', { timeframe: 'removed_m1', from: 60, to: 80, ...LARGE }),
      candleFile('another minute of the hour', { timeframe: 'removed_m1', from: 100, ...LARGE }),
      candleFile('small', { timeframe: 'removed_D1', from: 9 * DAY, rows: 9 }),
    ]
    expect(touched(...files)).toEqual({ changing: ['the minute', 'small'], reading: [] })
  })

  test('a file without bounds may hold a changing candle', () => {
    const { lowerBounds: _lower, upperBounds: _upper, ...unknown } = candleFile('unknown', LARGE)
    expect(touched(unknown)).toEqual({ changing: ['unknown'], reading: [] })
  })

  test('a file of a timeframe that nobody knows is left alone', () => {
    expect(touched(candleFile('m7', { timeframe: 'm7', from: 70 }))).toEqual({ changing: [], reading: [] })
  })

  test('takes nothing when nothing is touched', () => {
    const none = touchedFiles([candleFile('small', { rows: 9 })], rowsFor([]))
    expect(none).toEqual({ changing: [], reading: [] })
  })
})

describe('of some symbols', () => {
  const files = [
    candleFile('a to k', { from: 60, to: 80, symbols: ['a', 'k'], ...LARGE }),
    candleFile('k to z', { from: 60, to: 80, symbols: ['k', 'z'], ...LARGE }),
    candleFile('any', { from: 60, to: 80, ...LARGE }),
    candleFile('hours a to k', { timeframe: 'h1', from: 5 * HOUR, symbols: ['a', 'k'], ...LARGE }),
    candleFile('hours k to z', { timeframe: 'h1', from: 5 * HOUR, symbols: ['k', 'z'], ...LARGE }),
    candleFile('small', { from: 90, symbols: ['x', 'x'], rows: 9 }),
  ]
  const of = (...symbols: string[]) => {
    const some = new SomeSymbols(symbols.map(symbol => ({ source: 's', symbol })))
    const { changing, reading } = touchedFiles(files, MINUTES, some)
    return { changing: changing.map(({ path }) => path), reading: reading.map(({ path }) => path) }
  }

  test('only files are touched that may have one of them, and small ones', () => {
    expect(of('c')).toEqual({ changing: ['a to k', 'any', 'small'], reading: ['hours a to k'] })
    expect(of('0', 'p', '~')).toEqual({ changing: ['k to z', 'any', 'small'], reading: ['hours k to z'] })
    expect(of('k').changing).toEqual(['a to k', 'k to z', 'any', 'small'])
    expect(of('0', '~')).toEqual({ changing: ['any', 'small'], reading: [] })
  })

  test('a small file without them is merely beside', () => {
    const small = candleFile('small', { from: 70, symbols: ['x', 'x'], rows: 9 })
    expect(isMerelyBeside(small, MINUTES, new SomeSymbols([{ source: 's', symbol: 'a' }]))).toBe(true)
    expect(isMerelyBeside(small, MINUTES, new SomeSymbols([{ source: 's', symbol: 'x' }]))).toBe(false)
  })
})

describe('liveReach', () => {
  const minutes = [{ fromUs: 70 * MINUTE, toUs: 71 * MINUTE }]

  test('is whole up to 150,000 rows, of those that change and those that are read, and later above', () => {
    const days = candleFile('days', { timeframe: 'D1', from: 20 * DAY, rows: 100_000 })
    const hour = (rows: number) => candleFile('minutes', { from: 60, to: 119, rows })
    expect(liveReach([days, hour(50_000)], minutes)).toBe('whole')
    expect(liveReach([days, hour(50_001)], minutes)).toBe('later')
  })

  test('counts no row that a round has nothing to do with', () => {
    expect(liveReach([candleFile('other', { from: 9 * DAY, rows: 10_000_000 })], minutes)).toBe('whole')
  })
})

describe('bucketsOf', () => {
  test('is from the first bucket’s start to the end of the last one’s first minute', () => {
    expect(bucketsOf(candleFile('file', { from: 5, to: 90 }))).toEqual({
      fromUs: 5 * MINUTE,
      toUs: 91 * MINUTE,
    })
  })

  test('is all time where the manifests have no bounds', () => {
    const { lowerBounds: _lower, upperBounds: _upper, ...unknown } = candleFile('unknown', { from: 70 })
    expect(bucketsOf(unknown)).toEqual({ fromUs: OLDEST_US, toUs: NEWEST_US + MINUTE })
  })
})

describe('files of candles', () => {
  let store: CountingStore
  let files: LiveFile[]
  beforeEach(async () => {
    const world = await newWorld()
    produce(world, 0, tickJson(1))
    await ingest(world, [await batch(world, 0, 0, 1)])
    await rollUpInMemory(world.services, 0)
    store = new CountingStore(world.services.store)
    files = await planFiles(store, await world.catalog.loadTable(CANDLES_TABLE))
  })

  test('that are read minute by minute are read from the store once', async () => {
    const first = await readMinuteByMinute(store, files)
    expect(first.map(({ rows }) => rows.length)).toEqual(Array(11).fill(1))
    expect(await readMinuteByMinute(store, files)).toEqual(first)
    expect(store.dataFilesRead).toHaveLength(11)
  })

  test('that are read once are not remembered, and not read where they are', async () => {
    await readOnce(store, files)
    await readOnce(store, files)
    expect(store.dataFilesRead).toHaveLength(22)
    await readMinuteByMinute(store, files)
    await readOnce(store, files)
    expect(store.dataFilesRead).toHaveLength(33)
  })
})
