import { describe, expect, test } from 'vitest'
import type { Candle, CandleKey, ComputedCandle } from '../../lib/market/candle.ts'
import { CandleBook } from '../../lib/market/candleBook.ts'
import { type Decision, decideCandles } from '../../lib/market/decide.ts'
import { bucketEnd, timeframeOf } from '../../lib/market/timeframe.ts'

const MINUTE = 60_000_000
const computed: ComputedCandle = {
  source: 's',
  symbol: 'x',
  timeframe: 'm1',
  dateTimeUs: 0,
  open: 1,
  high: 3,
  low: 1,
  close: 2,
  volume: 4,
}
const stored: Candle = { ...computed, closed: false, revision: 2, updatedAtUs: 5 }
/** The row that stands for the candle since it was removed. */
const removed: Candle = {
  ...stored,
  timeframe: 'removed_m1',
  volume: 0,
  closed: true,
  revision: 7,
}

const endsBy =
  (untilUs: number) =>
  ({ timeframe, dateTimeUs }: CandleKey) =>
    bucketEnd(timeframeOf(timeframe), dateTimeUs) <= untilUs

interface Case extends Partial<Pick<Decision, 'isOver' | 'revisionFloor'>> {
  readonly before?: readonly Candle[]
  readonly now?: readonly ComputedCandle[]
  readonly without?: readonly CandleKey[]
  readonly closedUntilUs?: number
}

function decide({ before = [], now = [], without = [], closedUntilUs = 0, ...rest }: Case) {
  const book = new CandleBook()
  for (const row of before) book.add(row)
  for (const candle of now) book.put(candle)
  for (const key of without) book.remove(key)
  const isOver = endsBy(closedUntilUs)
  return decideCandles({ book, stored: before, isOver, stampUs: 99, revisionFloor: 0, ...rest })
}
const rowsOf = (of: Case) => decide(of).rows

describe('decideCandles', () => {
  test('a new candle begins open at revision 1 with the stamp of this commit', () => {
    expect(decide({ now: [computed] })).toEqual({
      rows: [{ ...computed, closed: false, revision: 1, updatedAtUs: 99 }],
      gone: [],
    })
  })

  test('whatever changes gets a revision above the floor and above its own: new, changed, closed, removed, back', () => {
    const changed = { ...computed, close: 9 }
    const revisions = (revisionFloor: number) =>
      [
        { now: [computed] },
        { before: [stored], now: [changed] },
        { before: [stored], closedUntilUs: MINUTE },
        { before: [stored], without: [computed] },
        { before: [removed], now: [computed] },
      ].flatMap(of => rowsOf({ ...of, revisionFloor }).map(({ revision }) => revision))
    expect(revisions(40)).toEqual([41, 41, 41, 41, 41])
    expect(revisions(2)).toEqual([3, 3, 3, 3, 8])
  })

  test('a candle that does not change keeps its revision, however high the floor', () => {
    expect(rowsOf({ before: [stored], now: [computed], revisionFloor: 40 })).toEqual([])
  })

  test('a new candle whose time is over already is closed from the start', () => {
    expect(rowsOf({ now: [computed], closedUntilUs: MINUTE })).toMatchObject([{ closed: true, revision: 1 }])
    expect(rowsOf({ now: [computed], closedUntilUs: MINUTE - 1 })).toMatchObject([{ closed: false }])
  })

  test('equal values change nothing', () => {
    expect(decide({ before: [stored], now: [computed] })).toEqual({ rows: [], gone: [] })
  })

  test.each(['open', 'high', 'low', 'close', 'volume'])('another %s raises the revision by one', field => {
    expect(decide({ before: [stored], now: [{ ...computed, [field]: 7 }] })).toEqual({
      rows: [{ ...computed, [field]: 7, revision: 3, updatedAtUs: 99, closed: false }],
      gone: [],
    })
  })

  test('an open candle closes without a tick once it is over, values unchanged', () => {
    const closed = { ...stored, closed: true, revision: 3, updatedAtUs: 99 }
    expect(rowsOf({ before: [stored], closedUntilUs: MINUTE })).toEqual([closed])
    expect(rowsOf({ before: [stored], closedUntilUs: MINUTE - 1 })).toEqual([])
  })

  test('an open candle closes when its values are computed again and are the same', () => {
    expect(rowsOf({ before: [stored], now: [computed], closedUntilUs: MINUTE })).toMatchObject([
      { closed: true, revision: 3 },
    ])
  })

  test('new values and closing at once are one revision', () => {
    const changed = { ...computed, close: 9 }
    expect(rowsOf({ before: [stored], now: [changed], closedUntilUs: MINUTE })).toMatchObject([
      { close: 9, closed: true, revision: 3 },
    ])
  })

  test('a candle that waits stays open though its end is past, new or not', () => {
    const isOver = () => false
    expect(rowsOf({ before: [stored], closedUntilUs: MINUTE, isOver })).toEqual([])
    expect(rowsOf({ now: [computed], closedUntilUs: MINUTE, isOver })).toMatchObject([{ closed: false }])
  })

  test('a closed candle that a late tick changes stays closed, whatever the clock says', () => {
    const closed = { ...stored, closed: true }
    expect(rowsOf({ before: [closed], now: [{ ...computed, close: 9 }] })).toMatchObject([
      { close: 9, closed: true, revision: 3 },
    ])
    expect(rowsOf({ before: [closed], now: [computed] })).toEqual([])
    expect(rowsOf({ before: [closed], closedUntilUs: MINUTE })).toEqual([])
  })

  test('the same bucket of another symbol, source or timeframe is another candle', () => {
    const others = [
      { ...computed, symbol: 'y' },
      { ...computed, source: 't' },
      { ...computed, timeframe: 'm5' },
    ]
    expect(rowsOf({ before: [stored], now: others })).toMatchObject([
      { revision: 1 },
      { revision: 1 },
      { revision: 1 },
    ])
  })
})

describe('a candle whose ticks are gone', () => {
  test('leaves, and a closed row of its removed timeframe with volume 0 and the next revision takes its place', () => {
    expect(decide({ before: [stored], without: [computed] })).toEqual({
      rows: [{ ...stored, timeframe: 'removed_m1', volume: 0, closed: true, revision: 3, updatedAtUs: 99 }],
      gone: [stored],
    })
  })

  test('is not closed beside being removed, though it was open and its end is due', () => {
    const { rows } = decide({ before: [stored], without: [computed], closedUntilUs: MINUTE })
    expect(rows.map(({ timeframe }) => timeframe)).toEqual(['removed_m1'])
  })

  test('that was never stored changes nothing', () => {
    expect(decide({ without: [computed] })).toEqual({ rows: [], gone: [] })
  })

  test('stays removed while nothing is computed of it, and its row never closes again', () => {
    const open = { ...removed, closed: false }
    expect(decide({ before: [removed], closedUntilUs: MINUTE })).toEqual({ rows: [], gone: [] })
    expect(decide({ before: [open], isOver: () => true })).toEqual({ rows: [], gone: [] })
  })

  test('comes back with the revision after its removal, and the row of its removal leaves', () => {
    expect(decide({ before: [removed], now: [computed] })).toEqual({
      rows: [{ ...computed, closed: false, revision: 8, updatedAtUs: 99 }],
      gone: [removed],
    })
  })

  test('and comes back with the same values is published again: revision 4 after 3', () => {
    const [row] = rowsOf({ before: [stored], without: [computed] })
    expect(rowsOf({ before: [row!], now: [computed] })).toMatchObject([{ revision: 4, volume: 4 }])
  })

  test('has no part in the removal of another symbol’s', () => {
    const other = { ...stored, symbol: 'y' }
    const { rows, gone } = decide({ before: [stored, other], without: [other], closedUntilUs: MINUTE })
    expect(gone).toEqual([other])
    expect(rows).toMatchObject([
      { symbol: 'y', timeframe: 'removed_m1', revision: 3 },
      { symbol: 'x', timeframe: 'm1', closed: true, revision: 3 },
    ])
  })
})
