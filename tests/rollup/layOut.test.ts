import { describe, expect, test } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import type { Candle, CandleKey } from '../../lib/market/candle.ts'
import type { Decided } from '../../lib/market/decide.ts'
import { layOut as layOutFiles, SETTLED_FILE_ROWS } from '../../lib/rollup/layOut.ts'
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
  const times = rows.map(({ dateTimeUs }) => dateTimeUs)
  const place = (timeUs: number): [number, Uint8Array][] => [
    [CANDLE_FIELDS.timeframe.id, encodeBound('string', rows[0]!.timeframe)],
    [CANDLE_FIELDS.dateTime.id, encodeBound('timestamptz', timeUs)],
  ]
  const live: LiveFile = {
    path,
    format: 'PARQUET',
    specId: 0,
    partition: { timeframe: rows[0]!.timeframe, date_time_month: 0 },
    recordCount: rows.length,
    fileSizeBytes: 1,
    lowerBounds: new Map([
      [CANDLE_FIELDS.closed.id, encodeBound('boolean', allClosed)],
      ...place(Math.min(...times)),
    ]),
    upperBounds: new Map(place(Math.max(...times))),
    snapshotId: 1n,
    sequenceNumber: 1,
    fileSequenceNumber: 1,
  }
  return { file: live, rows }
}

const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => candle(from + i))
const written = (...rows: Candle[]) => ({ rows, gone: [] })
const withoutRows = (...gone: CandleKey[]) => ({ rows: [], gone })
/** As `decideCandles` puts it in the place of a candle whose ticks are gone. */
const removed = (row: Candle): Candle => ({ ...row, timeframe: 'removed_m1', volume: 0, revision: 2 })
const paths = (files: readonly LiveFile[]) => files.map(({ path }) => path)

/** The files to remove, and the rows of all new files, rewritten ones included. */
function layOut(stored: readonly FileWithRows[], decided: Decided) {
  const { remove, write, rewrite, rewritten } = layOutFiles(stored, decided)
  const again = rewrite.map(file => rewritten(stored.find(each => each.file === file)!.rows))
  return { remove, write: [...write, ...again.filter(rows => rows.length > 0)] }
}

describe('layOut', () => {
  test('a new candle joins the small file of its partition', () => {
    const { remove, write } = layOut([file(minutes(0, 3), 'small')], written(candle(3, false)))
    expect(paths(remove)).toEqual(['small'])
    expect(write).toEqual([[...minutes(0, 3), candle(3, false)]])
  })

  test('a candle of another month or timeframe leaves this file alone', () => {
    const other = { ...candle(50_000), timeframe: 'm1' }
    const { remove, write } = layOut([file(minutes(0, 3), 'small')], written(other))
    expect(remove).toEqual([])
    expect(write).toEqual([[other]])
  })

  test('closed candles settle in a file of their own once there are 2000, open ones stay apart', () => {
    const rows = minutes(0, SMALL_FILE_ROWS - 1)
    const { remove, write } = layOut(
      [file([...rows, candle(5_000, false)], 'small')],
      written(candle(6_000), candle(6_001, false)),
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
      written(candle(17, true, 2)),
    )
    expect(paths(remove)).toEqual(['settled'])
    expect(write).toEqual([settled.map(row => (row.dateTimeUs === 17 * MINUTE ? candle(17, true, 2) : row))])
  })

  test('a settled file keeps the order of its rows', () => {
    const bySymbol = ['x', 'y'].flatMap(symbol => minutes(0, 1_500).map(row => ({ ...row, symbol })))
    const late = { ...candle(17, true, 2), symbol: 'y' }
    const { write } = layOut([file(bySymbol, 'settled')], written(late))
    expect(write).toEqual([bySymbol.with(1_517, late)])
  })

  test('a settled file of which only the rows in question are read is rewritten with all of them', () => {
    const all = file(minutes(0, 3_000), 'settled')
    const some = { ...all, rows: all.rows.slice(10, 20) }
    const { remove, write, rewrite, rewritten } = layOutFiles([some], written(candle(17, true, 2)))
    expect([remove, write, rewrite]).toEqual([[all.file], [], [all.file]])
    expect(rewritten(all.rows)).toEqual(all.rows.with(17, candle(17, true, 2)))
  })

  test('a settled file is left alone by a new candle', () => {
    const { remove, write } = layOut([file(minutes(0, 3_000), 'settled')], written(candle(3_000)))
    expect(remove).toEqual([])
    expect(write).toEqual([[candle(3_000)]])
  })

  test('88,000 new candles become files of at most 50,000 rows, none lost', () => {
    const { write } = layOut(
      [],
      written(...minutes(0, 44_000), ...minutes(0, 44_000).map(c => ({ ...c, symbol: 'y' }))),
    )
    expect(write.every(list => list.length <= 50_000)).toBe(true)
    expect(write.flat().length).toBe(88_000)
  })

  test('open candles that wait in large numbers settle too, and are not rewritten by what is new', () => {
    const open = Array.from({ length: 44_640 }, (_, i) => candle(i, false))
    const others = open.map(row => ({ ...row, symbol: 'y' }))
    const { write } = layOut([], written(...open, ...others))
    expect(write.map(list => list.length)).toEqual([50_000, 39_280])
    const full = write[0] ?? []
    const { remove } = layOut([file(full, 'full'), file(write[1] ?? [], 'growing')], written(candle(44_639)))
    expect(paths(remove)).toEqual(['growing'])
  })

  test('only a small file mixes open candles with closed ones', () => {
    const open = Array.from({ length: SMALL_FILE_ROWS }, (_, i) => candle(5_000 + i, false))
    const { write } = layOut([file(minutes(0, 9), 'small')], written(...open))
    expect(write.map(rows => new Set(rows.map(({ closed }) => closed)).size)).toEqual([1, 1])
  })
})

describe('rows that leave', () => {
  test('are no longer in their small file, whose others stay', () => {
    const { remove, write } = layOut([file(minutes(0, 3), 'small')], withoutRows(candle(1)))
    expect(paths(remove)).toEqual(['small'])
    expect(write).toEqual([[candle(0), candle(2)]])
  })

  test('are no longer in their settled file; the settled one beside it is left alone', () => {
    const settled = minutes(0, 3_000)
    const stored = [file(settled, 'settled'), file(minutes(4_000, 7_000), 'beside')]
    const { remove, write } = layOut(stored, withoutRows(candle(17), candle(2_999)))
    expect(paths(remove)).toEqual(['settled'])
    expect(write).toEqual([settled.filter((_, i) => i !== 17 && i !== 2_999)])
  })

  test('take a file with them whose only rows they are', () => {
    const { remove, write } = layOut([file(minutes(0, 2), 'small')], withoutRows(candle(0), candle(1)))
    expect(paths(remove)).toEqual(['small'])
    expect(write).toEqual([])
    const settled = minutes(0, SMALL_FILE_ROWS)
    expect(layOut([file(settled, 'settled')], withoutRows(...settled))).toMatchObject({ write: [] })
  })

  test('leave every stored row of another symbol or source at the same time', () => {
    const others = [
      { ...candle(1), symbol: 'y' },
      { ...candle(1), source: 't' },
    ]
    const { write } = layOut([file([candle(1), ...others], 'small')], withoutRows(candle(1)))
    expect(write.flat().length).toBe(2)
    expect(write.flat()).toEqual(expect.arrayContaining(others))
  })

  test('that are in no stored file change nothing', () => {
    const { remove, write } = layOut([file(minutes(0, 3_000), 'settled')], withoutRows(candle(9_000)))
    expect(remove).toEqual([])
    expect(write).toEqual([])
  })

  test('go over to the partition of removed candles, in one step', () => {
    const stored = [file(minutes(0, 3), 'candles'), file([removed(candle(9))], 'removed before')]
    const { remove, write } = layOut(stored, { rows: [removed(candle(1))], gone: [candle(1)] })
    expect(paths(remove).toSorted()).toEqual(['candles', 'removed before'])
    expect(write).toEqual([
      [removed(candle(1)), removed(candle(9))],
      [candle(0), candle(2)],
    ])
  })

  test('come back from the partition of removed candles, whose others stay', () => {
    const stored = [file([removed(candle(1)), removed(candle(9))], 'removed'), file(minutes(2, 4), 'candles')]
    const back = candle(1, true, 3)
    const { remove, write } = layOut(stored, { rows: [back], gone: [removed(candle(1))] })
    expect(paths(remove).toSorted()).toEqual(['candles', 'removed'])
    expect(write).toEqual([[back, ...minutes(2, 4)], [removed(candle(9))]])
  })

  test('whose place is taken by the same key are replaced, not lost', () => {
    const { write } = layOut([file(minutes(0, 2), 'small')], {
      rows: [candle(1, true, 5)],
      gone: [candle(1)],
    })
    expect(write).toEqual([[candle(0), candle(1, true, 5)]])
  })
})

describe('a file with open candles', () => {
  test('is written again with what is new beside it, until it is full', () => {
    const open = Array.from({ length: 3_000 }, (_, i) => candle(i, false))
    expect(paths(layOut([file(open, 'open')], written(candle(9_000))).remove)).toEqual(['open'])
    const full = Array.from({ length: SETTLED_FILE_ROWS }, (_, i) => {
      return { ...candle(i % 40_000, false), symbol: String(i) }
    })
    expect(layOut([file(full, 'full')], written(candle(9_000))).remove).toEqual([])
  })
})
