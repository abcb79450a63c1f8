import { expect, test } from 'vitest'
import { differences, parseReport, type TableReport } from '../../bench/readers/report.ts'

const LINES = [
  '{"table": "m.t", "snapshot": "6328853845490910372", "count": 3}',
  '{"table": "m.t", "column": "mid", "min": -1e-09, "max": 627.045, "sum": 1000.0000000001}',
  '{"table": "m.t", "column": "number", "min": "-5", "max": "9223372036854775807", "sum": 9.2e18}',
  '{"table": "m.t", "row": {"mid": 627.045, "number": "9223372036854775807"}}',
]

/** The report of the lines above, after a change to one of them. */
function report(from = '', to = ''): TableReport {
  const [found] = parseReport(`${LINES.join('\n')}\n`.replace(from, to)).values()
  return found!
}

test('reads the 4 lines of a table: count and snapshot, 2 columns, 1 row', () => {
  const { count, snapshot, columns, rows } = report()
  expect({ count, snapshot, columns: columns.size }).toEqual({
    count: 3,
    snapshot: '6328853845490910372',
    columns: 2,
  })
  expect(rows).toEqual([{ mid: 627.045, number: '9223372036854775807' }])
})

test('finds no difference where only the snapshot is not said and a sum differs by 1e-10', () => {
  expect(differences(report(), report('"snapshot": "6328853845490910372", ', ''))).toEqual([])
  expect(differences(report(), report('1000.0000000001', '1000.0'))).toEqual([])
})

test('takes a sum that is too large for a double', () => {
  const endless = report('1000.0000000001', '"Infinity"')
  expect(endless.columns.get('mid')?.sum).toBe(Number.POSITIVE_INFINITY)
  expect(differences(endless, endless)).toEqual([])
  expect(differences(endless, report())).toEqual(['sum(mid) is 1000.0000000001 instead of Infinity'])
})

test.each([
  ['"count": 3', '"count": 4', '4 rows instead of 3'],
  ['-1e-09', '-1.0000000000000003e-09', 'min(mid) is -1.0000000000000003e-9 instead of -1e-9'],
  ['807", "sum"', '806", "sum"', 'max(number) is 9223372036854775806 instead of 9223372036854775807'],
  ['1000.0000000001', '1000.1', 'sum(mid) is 1000.1 instead of 1000.0000000001'],
  ['1000.0000000001', 'null', 'sum(mid) is null instead of 1000.0000000001'],
  ['"column": "mid"', '"column": "Mid"', 'columns Mid, number instead of mid, number'],
  [
    '{"mid": 627.045, ',
    '{"mid": 627.04, ',
    'row 0 of one symbol is {"mid":627.04,"number":"9223372036854775807"} instead of {"mid":627.045,"number":"9223372036854775807"}',
  ],
])('tells that %s became %s', (from, to, sentence) => {
  expect(differences(report(), report(from, to))).toEqual([sentence])
})

test('tells that a row, or the whole table, is missing', () => {
  expect(differences(report(), { ...report(), rows: [] })[0]).toBe('0 rows of one symbol instead of 1')
  expect(differences(report(), undefined)).toEqual(['the table is missing'])
})
