import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTES, OF_DAYS, WITHIN_A_DAY } from '../../lib/verify/calendar.ts'
import { type Bucket, foldUp, MinuteFold } from '../../lib/verify/fold.ts'
import { foldTicks, type OracleTick } from '../support/foldTicks.ts'

/** Moments around the edges of minutes, hours, days, weeks, months and years. */
const EDGES = ['1969-12-31', '2020-02-29', '2020-12-28', '2021-01-01', '2024-03-31', '2024-04-01'].map(date =>
  BigInt(Date.parse(date)),
)
const dateTimeUs = fc
  .tuple(
    fc.constantFrom(...EDGES),
    fc.integer({ min: -200_000_000, max: 200_000_000 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([dayMs, offsetMs, us]) => (dayMs + BigInt(offsetMs - (offsetMs % 20_000))) * 1000n + BigInt(us))
const ticks = fc.array(
  fc.record({
    mid: fc.integer({ min: -5, max: 5 }),
    number: fc.bigInt({ min: 0n, max: 2n }),
    dateTimeUs,
    epoch: fc.integer({ min: 0, max: 1 }),
    partition: fc.integer({ min: 0, max: 1 }),
  }),
  { maxLength: 200 },
)

function foldAll(all: readonly OracleTick[]): (Bucket & { timeframe: string })[] {
  const fold = new MinuteFold()
  for (const { dateTimeUs, mid, ...place } of all) fold.add({ ...place, dateTimeUs: Number(dateTimeUs) }, mid)
  const minutes = fold.inOrder()
  return [...WITHIN_A_DAY, ...OF_DAYS].flatMap(({ timeframe, start }) =>
    (timeframe === MINUTES.timeframe ? minutes : foldUp(minutes, start)).map(bucket => ({
      ...bucket,
      timeframe,
    })),
  )
}

describe('the fold of verify', () => {
  test('equals the plain fold of all ticks at once, in all 11 timeframes', () => {
    fc.assert(
      fc.property(ticks, some => {
        const all = some.map((tick, offset) => ({ ...tick, source: 's', symbol: 'x', offset }))
        const expected = [...foldTicks(all).values()].map(({ source, symbol, start, ...rest }) => {
          return { ...rest, startUs: Date.parse(start) * 1000 }
        })
        const found = foldAll(all).map(({ timeframe, startUs, open, high, low, close, volume }) => {
          return { timeframe, startUs, open, high, low, close, volume }
        })
        const byKey = (a: { timeframe: string; startUs: number }, b: typeof a) =>
          a.timeframe < b.timeframe ? -1 : a.timeframe > b.timeframe ? 1 : a.startUs - b.startUs
        expect(found.toSorted(byKey)).toEqual(expected.toSorted(byKey))
      }),
    )
  })

  test('gives an extreme of zero no sign, in whatever order a zero and a negative zero come', () => {
    for (const prices of [
      [0, -0],
      [-0, 0],
      [-0, -0],
    ]) {
      const fold = new MinuteFold()
      const place = { dateTimeUs: 0, epoch: 0, partition: 0 }
      for (const [n, price] of prices.entries()) fold.add({ ...place, number: BigInt(n), offset: n }, price)
      const { open, high, low, close } = fold.inOrder()[0]!
      expect([open, high, low, close]).toEqual([0, 0, 0, 0])
    }
  })

  test.each([
    ['W1', '2021-01-03T23:59:59.999', '2020-12-28', '2021-01-04'],
    ['M1', '2024-02-29T12:00:00Z', '2024-02-01', '2024-03-01'],
    ['M1', '0099-12-31T12:00:00Z', '0099-12-01', '0100-01-01'],
    ['h4', '2024-02-29T23:59:59Z', '2024-02-29T20:00:00Z', '2024-03-01'],
  ])('%s of %s is from %s to %s', (timeframe, moment, start, end) => {
    const calendar = [...WITHIN_A_DAY, ...OF_DAYS].find(each => each.timeframe === timeframe)!
    const utc = (text: string) =>
      Date.parse(text.length > 10 && !text.endsWith('Z') ? `${text}Z` : text) * 1000
    expect(calendar.start(utc(moment))).toBe(utc(start))
    expect(calendar.end(utc(start))).toBe(utc(end))
  })
})
