import { describe, expect, test } from 'vitest'
import { expectedRow, type LoggedRecord, type Row } from './oracle/expectedRow.ts'
import {
  type Finding,
  judgeLetters,
  judgeRows,
  judgeTotals,
  judgeVector,
  type Letter,
} from './oracle/judge.ts'

const AT_MS = Date.parse('2026-03-01T12:00:10.250Z')

function record(offset: number, changes: Partial<LoggedRecord> = {}): LoggedRecord {
  const tick = {
    source: 's',
    symbol: 'x',
    ask: 2,
    bid: 1,
    mid: 1.5,
    number: offset,
    dateTime: '2026-03-01T12:00:00.5',
  }
  const place = { epoch: 0, partition: 1, offset, timestampMs: AT_MS }
  const value = Buffer.from(JSON.stringify(tick))
  return { ...place, expect: 'tick', key: Buffer.from('k'), value, headers: { trace: 't' }, ...changes }
}

const GOOD = [record(1), record(2)]
const ROWS: readonly Row[] = GOOD.map(expectedRow)
const BAD = record(3, { expect: 'not_json', value: Buffer.from('nonsense') })
const LETTER: Letter = {
  key: BAD.key,
  value: BAD.value,
  headers: {
    trace: 't',
    'tickhouse.epoch': '0',
    'tickhouse.partition': '1',
    'tickhouse.offset': '3',
    'tickhouse.timestamp': String(AT_MS),
    'tickhouse.reason': 'not_json',
  },
}
const ids = (findings: readonly Finding[]) =>
  findings.map(({ kind, id, detail }) => `${kind}: ${id}${detail ? `: ${detail}` : ''}`)

describe('the oracle', () => {
  test('finds nothing where all is as it must be', () => {
    expect(judgeRows([...GOOD, BAD], ROWS)).toEqual([])
    expect(judgeLetters([...GOOD, BAD], [LETTER, LETTER])).toEqual([])
    expect(
      judgeTotals([...GOOD, BAD], 4, { ticks: 2, late: 0, lost: 4, deadLetters: { not_json: 1 } }),
    ).toEqual([])
    expect(judgeVector(new Map([[1, 4]]), new Map([[1, 4]]))).toEqual([])
  })

  test('reads a tick by itself: zone, microseconds, large number, unknown fields', () => {
    const json =
      '{"number":9007199254740993,"source":"s","symbol":"x","ask":2,"bid":1,"mid":1.5,"dateTime":"2026-03-01T17:30:00.123456+05:30","venue":[1]}'
    expect(expectedRow(record(1, { value: Buffer.from(json) }))).toMatchObject({
      number: '9007199254740993',
      date_time: '2026-03-01 12:00:00.123456 UTC',
      extra: '{"venue":[1]}',
      is_tradable: null,
      kafka_timestamp: '2026-03-01 12:00:10.250000 UTC',
    })
  })

  test.each([
    ['a tick is missing', [ROWS[0]!], ['lost: tick 0/1/2']],
    ['a tick is there twice', [...ROWS, ROWS[1]!], ['doubled: tick 0/1/2']],
    ['a value is another', [ROWS[0]!, { ...ROWS[1]!, mid: 1.6 }], ['wrong: 0/1/2: mid: 1.6, not 1.5']],
    [
      'a row is there that no good record stands for',
      [...ROWS, { ...ROWS[1]!, kafka_offset: 3 }],
      ['wrong: a row that no good record stands for: 0/1/3'],
    ],
  ])('finds that %s', (_, rows, findings) => {
    expect(ids(judgeRows([...GOOD, BAD], rows))).toEqual(findings)
  })

  test.each([
    ['a dead letter is missing', [], ['lost: dead letter 0/1/3 (not_json)']],
    ['its bytes are others', [{ ...LETTER, value: null }], ['wrong: the dead letter 0/1/3']],
    [
      'its headers are others',
      [{ ...LETTER, headers: { ...LETTER.headers, trace: '' } }],
      ['wrong: the dead letter 0/1/3'],
    ],
    [
      'a good tick is among them',
      [LETTER, { ...LETTER, headers: { ...LETTER.headers, 'tickhouse.offset': '2' } }],
      ['wrong: a dead letter of no bad record: 0/1/2'],
    ],
  ])('finds that %s', (_, letters, findings) => {
    expect(ids(judgeLetters([...GOOD, BAD], letters))).toEqual(findings)
  })

  test('finds totals and a vector that are off', () => {
    const totals = { ticks: 3, late: 0, lost: 0, deadLetters: {} }
    expect(ids(judgeTotals([...GOOD, BAD], 0, totals))).toEqual([
      'wrong: the totals: ticks: 3, not 2',
      'wrong: the totals: not_json: undefined, not 1',
    ])
    expect(ids(judgeVector(new Map([[1, 4]]), new Map([[1, 3]])))).toEqual(['wrong: the vector: 1: 3, not 4'])
  })
})
