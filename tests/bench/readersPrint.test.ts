import { expect, test } from 'vitest'
import { comparison, contents } from '../../bench/readers/print.ts'
import type { TableReport } from '../../bench/readers/report.ts'

const REPORT: TableReport = {
  count: 1234,
  snapshot: '6328853845490910372',
  columns: new Map([
    ['symbol', { min: 'BNBUSD', max: 'x'.repeat(40) }],
    ['mid', { min: -1e-9, max: 627.045, sum: 1000 }],
    ['extra', { min: null, max: null }],
  ]),
  rows: [{ symbol: 'BNBUSD', mid: 627.045 }],
}

test('prints a table: its rows, the bounds and sum of each column, the rows of one symbol', () => {
  expect(contents('m.t', REPORT)).toEqual([
    'm.t: 1,234 rows, snapshot 6328853845490910372',
    '          min     max                                   sum',
    `  symbol  BNBUSD  ${'x'.repeat(35)}…`,
    '  mid     -1e-9   627.045                               1000',
    '  extra   –       –',
    '  1 row of BNBUSD, the first: {"symbol":"BNBUSD","mid":627.045}',
  ])
})

test('prints an empty table', () => {
  expect(contents('m.t', { count: 0, columns: new Map(), rows: [] })).toEqual([
    'm.t: 0 rows',
    '    min  max  sum',
    '  0 rows of one symbol',
  ])
})

test('prints who agrees, how the others differ, and counts those', () => {
  const others = new Map([
    ['duckdb', REPORT],
    ['trino', { ...REPORT, count: 1233, rows: [] }],
    ['spark', undefined],
  ])
  expect(comparison(REPORT, others)).toEqual({
    lines: [
      '  duckdb  equal',
      '  trino   1233 rows instead of 1234; 0 rows of one symbol instead of 1; row 0 of one symbol is undefined instead of {"symbol":"BNBUSD","mid":627.045}',
      '  spark   the table is missing',
    ],
    differing: 2,
  })
})
