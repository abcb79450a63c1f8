import { describe, expect, test } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { chooseClosing, mayHoldCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLE_FIELDS } from '../../lib/tables/candlesTable.ts'

const MINUTE = 60_000_000

interface FileOptions {
  timeframe?: string
  /** Minutes since 1970. */
  from?: number
  to?: number
  rows?: number
  open?: boolean
}

function file(path: string, { timeframe = 'm1', from = 0, to = from, rows = 100, open = true }: FileOptions) {
  const bounds = (minute: number, closed: boolean) =>
    new Map([
      [CANDLE_FIELDS.dateTime.id, encodeBound('timestamptz', minute * MINUTE)],
      [CANDLE_FIELDS.closed.id, encodeBound('boolean', closed)],
    ])
  const live: LiveFile = {
    path,
    format: 'PARQUET',
    specId: 0,
    partition: { timeframe, date_time_month: 0 },
    recordCount: rows,
    fileSizeBytes: 1,
    lowerBounds: bounds(from, !open),
    upperBounds: bounds(to, true),
    snapshotId: 1n,
    sequenceNumber: 1,
    fileSequenceNumber: 1,
  }
  return live
}
const names = (files: readonly LiveFile[]) => files.map(({ path }) => path)
const closing = (files: readonly LiveFile[], closedUntil: number, due: number, maxRows: number) => {
  const { files: chosen, untilUs } = chooseClosing(files, closedUntil * MINUTE, due * MINUTE, maxRows)
  return { chosen: names(chosen), untilUs }
}

describe('chooseClosing', () => {
  test('takes all open files that may have a candle due, and no other', () => {
    const files = [
      file('due', { from: 5 }),
      file('later', { from: 9 }),
      file('closed', { from: 5, open: false }),
      file('month', { timeframe: 'M1', from: 0 }),
    ]
    expect(closing(files, 3, 6, 1_000)).toEqual({ chosen: ['due'], untilUs: 6 * MINUTE })
  })

  test('of too many rows the earliest, and closes up to a microsecond before the first one left out', () => {
    const files = [file('c', { from: 7 }), file('a', { from: 5 }), file('b', { from: 6 })]
    expect(closing(files, 3, 9, 200)).toEqual({ chosen: ['a', 'b'], untilUs: 8 * MINUTE - 1 })
    expect(closing(files, 3, 9, 201)).toEqual({ chosen: ['a', 'b', 'c'], untilUs: 9 * MINUTE })
  })

  test('what ends at one moment closes together, however much it is', () => {
    const files = [file('a', { from: 5 }), file('b', { from: 5 }), file('c', { from: 6 })]
    expect(closing(files, 3, 9, 1)).toEqual({ chosen: ['a', 'b'], untilUs: 7 * MINUTE - 1 })
    expect(closing(files, 3, 9, -5).chosen).toEqual(['a', 'b'])
  })

  test('files that mix open candles with long closed ones are read beside, so that each round closes something', () => {
    const files = [file('mixed', { from: 0 }), file('mixed too', { from: 1 }), file('next', { from: 5 })]
    expect(closing(files, 3, 9, 50).chosen).toEqual(['mixed', 'mixed too', 'next'])
  })

  test('a file without bounds may hold anything', () => {
    const { lowerBounds: _, ...unknown } = file('unknown', { from: 100 })
    expect(closing([unknown], 3, 9, 50).chosen).toEqual(['unknown'])
  })

  test('nothing is read when nothing is due', () => {
    expect(closing([file('a', { from: 1 })], 9, 9, 50)).toEqual({ chosen: [], untilUs: 9 * MINUTE })
    expect(closing([file('a', { from: 1 })], 9, 8, 50)).toEqual({ chosen: [], untilUs: 9 * MINUTE })
  })
})

describe('mayHoldCandles', () => {
  const minutes = [{ fromUs: 70 * MINUTE, toUs: 71 * MINUTE }]

  test('takes files that overlap a touched bucket, and small ones beside them', () => {
    const files = [
      file('over', { from: 60, to: 80, rows: 9_000 }),
      file('before', { from: 10, to: 69, rows: 9_000 }),
      file('small', { from: 10, to: 20, rows: 9 }),
      file('hour', { timeframe: 'h1', from: 60, to: 60, rows: 9_000 }),
      file('next hour', { timeframe: 'h1', from: 120, to: 120, rows: 9_000 }),
    ]
    expect(names(mayHoldCandles(files, minutes))).toEqual(['over', 'small', 'hour'])
  })

  test('takes nothing when nothing is touched', () => {
    expect(mayHoldCandles([file('small', { rows: 9 })], [])).toEqual([])
  })
})
