import { describe, expect, test } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { layOut } from '../../lib/rollup/layOut.ts'
import { type FileWithRows, SMALL_FILE_ROWS } from '../../lib/rollup/storedCandles.ts'
import { CANDLE_FIELDS } from '../../lib/tables/candlesTable.ts'

const MINUTE = 60_000_000

function candle(minute: number, closed = true, revision = 1): Candle {
  const values = { open: 1, high: 1, low: 1, close: 1, volume: 1 }
  const key = { source: 's', symbol: 'x', timeframe: 'm1', dateTimeUs: minute * MINUTE }
  return { ...key, ...values, closed, revision, updatedAtUs: 1 }
}

function file(rows: readonly Candle[], path: string): FileWithRows {
  const allClosed = rows.every(row => row.closed)
  const live: LiveFile = {
    path,
    format: 'PARQUET',
    specId: 0,
    partition: { timeframe: 'm1', date_time_month: 0 },
    recordCount: rows.length,
    fileSizeBytes: 1,
    lowerBounds: new Map([[CANDLE_FIELDS.closed.id, encodeBound('boolean', allClosed)]]),
    snapshotId: 1n,
    sequenceNumber: 1,
    fileSequenceNumber: 1,
  }
  return { file: live, rows }
}

const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => candle(from + i))
const paths = (files: readonly LiveFile[]) => files.map(({ path }) => path)

describe('layOut', () => {
  test('a new candle joins the small file of its partition', () => {
    const { remove, write } = layOut([file(minutes(0, 3), 'small')], [candle(3, false)])
    expect(paths(remove)).toEqual(['small'])
    expect(write).toEqual([[...minutes(0, 3), candle(3, false)]])
  })

  test('a candle of another month or timeframe leaves this file alone', () => {
    const other = { ...candle(50_000), timeframe: 'm1' }
    const { remove, write } = layOut([file(minutes(0, 3), 'small')], [other])
    expect(remove).toEqual([])
    expect(write).toEqual([[other]])
  })

  test('closed candles settle in a file of their own once there are 2000, open ones stay apart', () => {
    const rows = minutes(0, SMALL_FILE_ROWS - 1)
    const { remove, write } = layOut(
      [file([...rows, candle(5_000, false)], 'small')],
      [candle(6_000), candle(6_001, false)],
    )
    expect(paths(remove)).toEqual(['small'])
    expect(write.map(list => list.length)).toEqual([2, SMALL_FILE_ROWS])
    expect(write[0]?.every(row => !row.closed)).toBe(true)
    expect(write[1]?.every(row => row.closed)).toBe(true)
  })

  test('a late tick rewrites the one settled file that holds its candle, row for row', () => {
    const settled = minutes(0, 3_000)
    const beside = minutes(4_000, 7_000)
    const { remove, write } = layOut(
      [file(settled, 'settled'), file(beside, 'beside')],
      [candle(17, true, 2)],
    )
    expect(paths(remove)).toEqual(['settled'])
    expect(write).toEqual([settled.map(row => (row.dateTimeUs === 17 * MINUTE ? candle(17, true, 2) : row))])
  })

  test('a settled file is left alone by a new candle', () => {
    const { remove, write } = layOut([file(minutes(0, 3_000), 'settled')], [candle(3_000)])
    expect(remove).toEqual([])
    expect(write).toEqual([[candle(3_000)]])
  })

  test('100,000 new candles become files of at most 50,000 rows, none lost', () => {
    const { write } = layOut(
      [],
      [...minutes(0, 44_000), ...minutes(0, 44_000).map(c => ({ ...c, symbol: 'y' }))],
    )
    expect(write.every(list => list.length <= 50_000)).toBe(true)
    expect(write.flat().length).toBe(88_000)
  })

  test('open candles that wait in large numbers settle too, and are not rewritten by what is new', () => {
    const open = Array.from({ length: 44_640 }, (_, i) => candle(i, false))
    const others = open.map(row => ({ ...row, symbol: 'y' }))
    const { write } = layOut([], [...open, ...others])
    expect(write.map(list => list.length)).toEqual([50_000, 39_280])
    const full = write[0] ?? []
    const { remove } = layOut([file(full, 'full'), file(write[1] ?? [], 'growing')], [candle(44_639)])
    expect(paths(remove)).toEqual(['growing'])
  })

  test('only a small file mixes open candles with closed ones', () => {
    const open = Array.from({ length: SMALL_FILE_ROWS }, (_, i) => candle(5_000 + i, false))
    const { write } = layOut([file(minutes(0, 9), 'small')], open)
    expect(write.map(rows => new Set(rows.map(({ closed }) => closed)).size)).toEqual([1, 1])
  })
})
