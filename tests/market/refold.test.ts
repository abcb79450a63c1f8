import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candle, candleId } from '../../lib/market/candle.ts'
import { CandleBook } from '../../lib/market/candleBook.ts'
import { HourSet, hourOf } from '../../lib/market/hours.ts'
import { holdsMoment, mergeRanges, type TimeRange } from '../../lib/market/range.ts'
import { type RefoldScope, refold, rowsFor } from '../../lib/market/refold.ts'
import { HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { bucketEnd, TIMEFRAMES, timeframeOf } from '../../lib/market/timeframe.ts'
import { foldTicks, type OracleTick } from '../support/foldTicks.ts'

/** A Thursday before a month's end; weeks and months end at different moments, and so do days and hours. */
const START_US = Date.parse('2026-01-29T22:00:00Z') * 1000
/** Few, far apart and close together, so that buckets of all timeframes are shared and left out. */
const MINUTES = [0, 1, 4, 5, 29, 59, 60, 119, 120, 121, 300, 1_500, 2_940, 4_400, 6_000, 43_000]

const tick: fc.Arbitrary<OracleTick> = fc
  .tuple(
    fc.constantFrom(...MINUTES),
    fc.constantFrom(0, 1, 59_999_999),
    fc.constantFrom('s/x', 's/y', 't/x'),
    fc.integer({ min: 1, max: 5 }),
    fc.nat(1_000),
  )
  .map(([minute, withinUs, name, mid, offset]) => {
    const [source, symbol] = name.split('/') as [string, string]
    const dateTimeUs = BigInt(START_US + minute * MINUTE_US + withinUs)
    return { source, symbol, mid, number: 1n, dateTimeUs, epoch: 0, partition: 0, offset }
  })
const ONE: OracleTick = {
  source: 's',
  symbol: 'x',
  mid: 1,
  number: 1n,
  dateTimeUs: BigInt(START_US),
  epoch: 0,
  partition: 0,
  offset: 0,
}
const ticks = fc.uniqueArray(tick, { maxLength: 40, selector: ({ offset }) => offset })

/** The oracle's candles as stored rows, by their ids. */
function foldedRows(list: readonly OracleTick[]): Map<string, Candle> {
  const rows = [...foldTicks(list).values()].map(({ start, ...candle }): Candle => {
    const dateTimeUs = Date.parse(start) * 1000
    return { ...candle, dateTimeUs, closed: false, revision: 1, updatedAtUs: 1 }
  })
  return new Map(rows.map(row => [candleId(row), row]))
}

const isMinute = ({ timeframe }: Candle) => timeframe === 'm1'

/** The minutes of the m1 candles that are not the same in both. */
function changedMinutes(before: Map<string, Candle>, after: Map<string, Candle>): TimeRange[] {
  const text = (row: Candle | undefined) => JSON.stringify(row)
  const changed = [...before.values(), ...after.values()].filter(
    row => isMinute(row) && text(before.get(candleId(row))) !== text(after.get(candleId(row))),
  )
  return mergeRanges(changed.map(({ dateTimeUs }) => ({ fromUs: dateTimeUs, toUs: dateTimeUs + MINUTE_US })))
}

const NOTHING: RefoldScope = { whole: HourSet.EMPTY, skip: HourSet.EMPTY }

/**
 * What is stored after m1 candles became those of `after`: the book knows no more rows than a change of these minutes
 * and hours reads.
 */
function refolded(stored: Map<string, Candle>, after: Map<string, Candle>, scope = NOTHING) {
  const minutes = mergeRanges([...changedMinutes(stored, after), ...scope.whole.ranges()])
  const { changing, reading } = rowsFor(minutes)
  const book = new CandleBook()
  for (const row of stored.values()) {
    if (holdsMoment(reading.get(row.timeframe)!, row.dateTimeUs)) book.add(row)
  }
  for (const row of stored.values()) if (isMinute(row) && !after.has(candleId(row))) book.remove(row)
  for (const row of after.values()) {
    if (isMinute(row) && holdsMoment(minutes, row.dateTimeUs)) book.put(row)
  }
  refold(book, scope)
  const result = new Map(stored)
  for (const { key, computed } of book.entries()) {
    expect(holdsMoment(changing.get(key.timeframe)!, key.dateTimeUs), 'is named as changing').toBe(true)
    if (computed === undefined) result.delete(candleId(key))
    else result.set(candleId(key), { ...computed, closed: false, revision: 1, updatedAtUs: 1 })
  }
  return result
}

const sorted = (rows: Map<string, Candle>) =>
  [...rows.values()].toSorted((a, b) => (candleId(a) < candleId(b) ? -1 : 1))

describe('candles put together again after minutes have changed', () => {
  test('equal the fold of all ticks in every timeframe, when some ticks came', () => {
    fc.assert(
      fc.property(ticks, ticks, (there, more) => {
        const both = [...there, ...more.map(each => ({ ...each, offset: each.offset + 2_000 }))]
        expect(sorted(refolded(foldedRows(there), foldedRows(both)))).toEqual(sorted(foldedRows(both)))
      }),
      { numRuns: 400 },
    )
  })

  test('equal the fold of what is left in every timeframe, when some ticks went', () => {
    fc.assert(
      fc.property(ticks, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (there, isLeft) => {
        const left = there.filter((_, i) => isLeft[i])
        expect(sorted(refolded(foldedRows(there), foldedRows(left)))).toEqual(sorted(foldedRows(left)))
      }),
      { numRuns: 400 },
    )
  })

  test('are gone in all 11 timeframes with the only tick', () => {
    expect(foldedRows([ONE]).size).toBe(TIMEFRAMES.length)
    expect(refolded(foldedRows([ONE]), new Map()).size).toBe(0)
  })

  test('change only for the symbols whose minutes do', () => {
    const other = { ...ONE, symbol: 'other', offset: 2_000 }
    const stored = foldedRows([ONE, other])
    const after = foldedRows([ONE, other, { ...other, offset: 2_001 }])
    const result = refolded(stored, after)
    const changed = [...result].filter(([id, row]) => stored.get(id)!.volume !== row.volume)
    expect(changed).toHaveLength(TIMEFRAMES.length)
    expect(changed.every(([, { symbol }]) => symbol === 'other')).toBe(true)
  })
})

/** What another hand may have done to one of the stored rows. */
interface Damage {
  readonly pick: number
  readonly kind: 'changed' | 'missing' | 'surplus'
  readonly hour: number
}
const damage: fc.Arbitrary<Damage> = fc.record({
  pick: fc.nat(1_000),
  kind: fc.constantFrom('changed', 'missing', 'surplus'),
  hour: fc.nat(800),
})

/** Damages coarser rows, and gives the rows with one hour of each damaged bucket. */
function damaged(rows: Map<string, Candle>, damages: readonly Damage[]) {
  const coarser = [...rows.values()].filter(row => !isMinute(row))
  const result = new Map(rows)
  const hours: number[] = []
  for (const { pick, kind, hour } of damages) {
    const row = coarser[pick % coarser.length]!
    const target = kind === 'surplus' ? { ...row, symbol: 'surplus' } : row
    if (kind === 'missing') result.delete(candleId(target))
    else result.set(candleId(target), { ...target, high: 99, volume: 77 })
    const fromHour = hourOf(row.dateTimeUs)
    const endUs = bucketEnd(timeframeOf(row.timeframe), row.dateTimeUs)
    hours.push(fromHour + (hour % Math.ceil(endUs / HOUR_US - fromHour)))
  }
  return { rows: result, hours: HourSet.of(hours) }
}

const some = fc.array(tick, { minLength: 1, maxLength: 30 })
const damages = fc.array(damage, { minLength: 1, maxLength: 5 })

describe('rows that another hand has damaged', () => {
  test('are repaired in whole hours: changed ones, missing ones and those too many', () => {
    fc.assert(
      fc.property(some, damages, (list, what) => {
        const right = foldedRows(list)
        const { rows, hours } = damaged(right, what)
        const repaired = refolded(rows, right, { whole: hours, skip: HourSet.EMPTY })
        expect(sorted(repaired)).toEqual(sorted(right))
      }),
      { numRuns: 400 },
    )
  })

  test('stay as they are where they are skipped; all others follow the ticks', () => {
    fc.assert(
      fc.property(some, some, damages, (there, more, what) => {
        const { rows, hours } = damaged(foldedRows(there), what)
        const now = foldedRows([...there, ...more.map(each => ({ ...each, offset: each.offset + 2_000 }))])
        const result = refolded(rows, now, { whole: HourSet.EMPTY, skip: hours })
        const isSkipped = (row: Candle) =>
          !isMinute(row) &&
          hours.touches(row.dateTimeUs, bucketEnd(timeframeOf(row.timeframe), row.dateTimeUs))
        const only = (of: Map<string, Candle>, keep: (row: Candle) => boolean) =>
          sorted(new Map([...of].filter(([, row]) => keep(row))))
        expect(only(result, isSkipped)).toEqual(only(rows, isSkipped))
        expect(only(result, row => !isSkipped(row))).toEqual(only(now, row => !isSkipped(row)))
      }),
      { numRuns: 400 },
    )
  })

  test('are not repaired outside the whole hours, where no minute changes', () => {
    const right = foldedRows([ONE])
    const { rows, hours } = damaged(right, [{ pick: 0, kind: 'changed', hour: 0 }])
    const elsewhere = HourSet.of([hours.lastHour + 10_000])
    expect(sorted(refolded(rows, right, { whole: elsewhere, skip: HourSet.EMPTY }))).toEqual(sorted(rows))
  })
})

describe('rowsFor', () => {
  test('a minute may change one bucket of each timeframe', () => {
    const minute = { fromUs: START_US, toUs: START_US + MINUTE_US }
    const { changing } = rowsFor([minute])
    for (const timeframe of TIMEFRAMES) {
      const [range, ...more] = changing.get(timeframe.name)!
      expect(more).toEqual([])
      expect(range!.fromUs).toBeLessThanOrEqual(minute.fromUs)
      expect(range!.toUs).toBe(bucketEnd(timeframe, range!.fromUs))
    }
  })

  test('reads the minutes of its hour, the hours of its day, and the days of its week and month', () => {
    const at = (text: string) => Date.parse(`${text}Z`) * 1000
    const minute = at('2026-01-31T13:07')
    const { reading, changing } = rowsFor([{ fromUs: minute, toUs: minute + MINUTE_US }])
    const stretch = (from: string, to: string) => [{ fromUs: at(from), toUs: at(to) }]
    expect(reading.get('m1')).toEqual(stretch('2026-01-31T13:00', '2026-01-31T14:00'))
    expect(reading.get('h1')).toEqual(stretch('2026-01-31T00:00', '2026-02-01T00:00'))
    expect(reading.get('D1')).toEqual(stretch('2026-01-01T00:00', '2026-02-02T00:00'))
    for (const name of ['m5', 'm10', 'm15', 'm30', 'h3', 'h4', 'W1', 'M1']) {
      expect(reading.get(name)).toEqual(changing.get(name))
    }
  })

  test('nothing is touched where nothing changes', () => {
    const { changing, reading } = rowsFor([])
    expect([...changing.values(), ...reading.values()].flat()).toEqual([])
  })
})
