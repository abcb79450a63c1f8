import { describe, expect, test } from 'vitest'
import type { OracleTick } from '../support/foldTicks.ts'
import { expectedCandles } from '../support/oracle.ts'
import type { CandleRecord, CandleValue } from './candleTopics.ts'
import { judgeCandles, judgeTicks, judgeTopics } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { StoredCandle } from './tables.ts'
import { matches, predicate } from './where.ts'

const tick: OracleTick = {
  source: 'S',
  symbol: 'A',
  mid: 2,
  number: 1n,
  dateTimeUs: BigInt(Date.UTC(2026, 0, 5, 10, 0, 30)) * 1000n,
  epoch: 0,
  partition: 1,
  offset: 7,
}
const other: OracleTick = { ...tick, mid: 3, number: 2n, offset: 8 }

const stored: readonly StoredCandle[] = expectedCandles([tick, other]).map(candle => ({
  ...candle,
  closed: true,
  revision: 2,
}))
const [candle] = stored as readonly [StoredCandle]

function sent({ start, timeframe, ...of }: StoredCandle, change: Partial<CandleValue> = {}): CandleRecord {
  const dateTime = start.replace('.000Z', '.000000Z')
  const value = { ...of, timeframe, dateTime, ...change } as CandleValue
  return { topic: `candle_${timeframe}`, key: JSON.stringify([of.source, of.symbol, dateTime]), value }
}

const all = stored.map(one => sent(one))
const first = all[0]!

describe('ticks', () => {
  test.each([
    ['one that is not there', [tick], /^lost: tick 0\/1\/8/],
    ['one that is there twice', [tick, other, other], /^doubled: tick 0\/1\/8/],
    ['one of nobody', [tick, other, { ...tick, offset: 9 }], /^strange: tick 0\/1\/9/],
    ['one with another price', [tick, { ...other, mid: 4 }], /^wrong: tick/],
  ])('%s is found', (_, rows, finding) => {
    expect(judgeTicks([tick, other], rows)).toEqual([expect.stringMatching(finding)])
    expect(judgeTicks([tick, other], [other, tick])).toEqual([])
  })
})

describe('candles', () => {
  test.each([
    ['one that is not there', stored.slice(1), /^missing/],
    ['one that is there twice', [...stored, candle], /^doubled/],
    ['one whose ticks are gone', [...stored, { ...candle, symbol: 'B' }], /^left over/],
    ['one with another volume', [{ ...candle, volume: 3 }, ...stored.slice(1)], /^wrong/],
    [
      'one that is there and removed',
      [...stored, { ...candle, timeframe: `removed_${candle.timeframe}` }],
      /^wrong/,
    ],
  ])('%s is found', (_, rows, finding) => {
    expect(judgeCandles([tick, other], rows)[0]).toMatch(finding)
    expect(judgeCandles([tick, other], stored)).toEqual([])
  })
})

describe('topics', () => {
  const removed = [{ ...candle, timeframe: `removed_${candle.timeframe}` }, ...stored.slice(1)]

  test.each([
    ['a revision with two contents', [sent(candle, { volume: 9 }), ...all], stored, /^two contents/],
    ['a revision after a higher one', [...all, sent(candle, { revision: 1 })], stored, /^fell/],
    [
      'a candle that is opened again',
      [...all, sent(candle, { revision: 3, closed: false })],
      stored,
      /^reopened/,
    ],
    ['a candle that was not sent', all.slice(1), stored, /^unsent/],
    ['a tombstone of a candle that is there', [...all, { ...first, value: null }], stored, /^tombstone/],
    ['a removed candle without a tombstone', all, removed, /^no tombstone/],
    [
      'an older revision than the table has',
      all,
      [{ ...candle, revision: 3 }, ...stored.slice(1)],
      /^Kafka differs/,
    ],
  ])('%s is found', (_, records, rows, finding) => {
    expect(judgeTopics(records, rows)[0]).toMatch(finding)
  })

  test('a removed candle with its tombstone is right, and one that comes back with the next revision', () => {
    const gone = { ...first, value: null }
    expect(judgeTopics([...all, gone], removed)).toEqual([])
    const back = [{ ...candle, revision: 4 }, ...stored.slice(1)]
    expect(judgeTopics([...all, gone, sent(candle, { revision: 4 })], back)).toEqual([])
  })
})

test('the ledger takes back what came since a bookmark, and gives it again as it was sent', () => {
  const ledger = new Ledger()
  const value = (mid: number) =>
    JSON.stringify({ source: 'S', symbol: 'A', mid, number: 1, dateTime: '2026-01-05T10:00:30' })
  ledger.sent(value(1), 0, 0)
  ledger.ingested()
  const bookmark = ledger.bookmark()
  ledger.sent(value(2), 0, 1)
  ledger.ingested()
  ledger.change(
    () => true,
    () => undefined,
  )
  expect(ledger.table).toEqual([])
  ledger.rollBack(bookmark)
  expect(ledger.table.map(({ mid }) => mid)).toEqual([1])
  ledger.ingested()
  expect(ledger.table.map(({ mid }) => mid)).toEqual([1, 2])
})

test('a predicate holds for the same ticks in the ledger and in an engine’s words', () => {
  const where = { source: 'S', from: '2026-01-05T10:00:00Z', to: '2026-01-05T10:01:00Z' }
  expect(matches(where)(tick)).toBe(true)
  expect(matches({ ...where, symbol: 'B' })(tick)).toBe(false)
  expect(matches(where)({ ...tick, dateTimeUs: tick.dateTimeUs + 30_000_000n })).toBe(false)
  expect(predicate(where, 'pyiceberg')).toBe(
    "source = 'S' AND date_time >= '2026-01-05T10:00:00+00:00' AND date_time < '2026-01-05T10:01:00+00:00'",
  )
})
