import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import { CandleBook, symbolKey } from '../../lib/market/candleBook.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { holdsMoment } from '../../lib/market/range.ts'
import { refold, rowsFor } from '../../lib/market/refold.ts'
import { foldTicks, type OracleTick } from '../support/foldTicks.ts'

const MINUTE_US = 60_000_000
const SCOPE = { whole: HourSet.EMPTY, skip: HourSet.EMPTY }
/** Around the end of a month in the middle of a week. */
const MONTH_END_US = Date.UTC(2026, 3, 1) * 1000

const TICK = fc.record({
  source: fc.constant('s'),
  symbol: fc.constantFrom('x', 'y'),
  mid: fc.integer({ min: 1, max: 20 }),
  minute: fc.oneof(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -20_000, max: 20_000 })),
})

function ticksOf(
  made: readonly { source: string; symbol: string; mid: number; minute: number }[],
  first = 0,
) {
  return made.map(
    ({ minute, ...tick }, i): OracleTick => ({
      ...tick,
      number: BigInt(first + i),
      dateTimeUs: BigInt(MONTH_END_US + minute * MINUTE_US + ((first + i) % 60) * 1_000_000),
      epoch: 0,
      partition: 0,
      offset: first + i,
    }),
  )
}

function candlesOf(ticks: readonly OracleTick[]): Candle[] {
  return [...foldTicks(ticks).values()].map(({ start, ...candle }) => ({
    ...candle,
    dateTimeUs: Date.parse(start) * 1000,
    closed: false,
    revision: 1,
    updatedAtUs: 1,
  }))
}

/** The book of all that `rowsFor` names, and what it says after the m1 candles changed; undefined when it does not tell. */
function refolded(before: readonly OracleTick[], after: readonly OracleTick[], reach: 'whole' | 'later') {
  const minutesOf = (candles: readonly Candle[]) => candles.filter(({ timeframe }) => timeframe === 'm1')
  const [stored, computed] = [candlesOf(before), candlesOf(after)]
  const touched = new Set(minutesOf([...stored, ...computed]).map(({ dateTimeUs }) => dateTimeUs))
  const changed = [...touched].filter(timeUs => {
    const at = (candles: readonly Candle[]) => minutesOf(candles).filter(c => c.dateTimeUs === timeUs)
    return JSON.stringify(at(stored)) !== JSON.stringify(at(computed))
  })
  const rows = rowsFor(
    changed.map(fromUs => ({ fromUs, toUs: fromUs + MINUTE_US })),
    reach,
  )
  const book = new CandleBook()
  for (const row of stored) {
    if (holdsMoment(rows.reading.get(row.timeframe) ?? [], row.dateTimeUs)) book.add(row)
  }
  for (const timeUs of changed) {
    for (const candle of minutesOf(stored).filter(c => c.dateTimeUs === timeUs)) book.remove(candle)
    for (const candle of minutesOf(computed).filter(c => c.dateTimeUs === timeUs)) book.put(candle)
  }
  if (!refold(book, SCOPE, reach)) return undefined
  const result = new Map(stored.map(candle => [idOf(candle), valuesOf(candle)]))
  for (const { key, computed: now } of book.entries()) {
    if (now === undefined) result.delete(idOf(key))
    else result.set(idOf(key), valuesOf(now))
  }
  return Object.fromEntries([...result].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const idOf = ({
  source,
  symbol,
  timeframe,
  dateTimeUs,
}: Pick<Candle, 'source' | 'symbol' | 'timeframe' | 'dateTimeUs'>) =>
  JSON.stringify([source, symbol, timeframe, dateTimeUs])
const valuesOf = ({
  open,
  high,
  low,
  close,
  volume,
}: Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume'>) => ({ open, high, low, close, volume })

function expected(ticks: readonly OracleTick[]) {
  const all = candlesOf(ticks).map(candle => [idOf(candle), valuesOf(candle)] as const)
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const SOME = fc.array(TICK, { maxLength: 30 })

describe('refold of the later reach', () => {
  test('where ticks are added: every candle is the fold of all ticks, by rows from the first changed minute on', () => {
    fc.assert(
      fc.property(SOME, SOME, (some, more) => {
        const before = ticksOf(some)
        const all = [...before, ...ticksOf(more, some.length)]
        expect(refolded(before, all, 'later')).toEqual(expected(all))
      }),
      { numRuns: 300 },
    )
  })

  test('a coarser candle that is not stored has no finer ones, as always holds: it is made of those that come alone', () => {
    const [first, second] = ticksOf([
      { source: 's', symbol: 'x', mid: 1, minute: -30 },
      { source: 's', symbol: 'x', mid: 2, minute: -10 },
    ])
    const minutes = candlesOf([first!, second!]).filter(({ timeframe }) => timeframe === 'm1')
    const book = new CandleBook()
    book.put(minutes.at(-1)!)
    expect(refold(book, SCOPE, 'later')).toBe(true)
    expect(book.at('h1', MONTH_END_US - 60 * MINUTE_US, symbolKey(minutes[0]!))).toMatchObject({
      open: 2,
      volume: 1,
    })
    // Where the rows say otherwise, the whole reach tells: a new timeframe's candles are made by it, from the ticks that come.
    for (const row of minutes) book.add(row)
    expect(refold(book, SCOPE, 'whole')).toBe(true)
    expect(book.at('h1', MONTH_END_US - 60 * MINUTE_US, symbolKey(minutes[0]!))).toMatchObject({
      open: 1,
      volume: 2,
    })
  })

  test('where ticks are taken away: the fold of what is left, or it says that its rows do not tell', () => {
    let told = 0
    fc.assert(
      fc.property(SOME, fc.func(fc.boolean()), (some, stays) => {
        const before = ticksOf(some)
        const left = before.filter(tick => stays(tick.offset))
        const result = refolded(before, left, 'later')
        if (result === undefined) return
        told += 1
        expect(result).toEqual(expected(left))
      }),
      { numRuns: 300 },
    )
    expect(told).toBeGreaterThan(0)
  })

  test('the whole reach always tells', () => {
    fc.assert(
      fc.property(SOME, SOME, (some, others) => {
        const [before, after] = [ticksOf(some), ticksOf(others)]
        expect(refolded(before, after, 'whole')).toEqual(expected(after))
      }),
      { numRuns: 300 },
    )
  })
})
