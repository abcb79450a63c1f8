import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clipRanges,
  coverWith,
  cutAtMidnights,
  cutEvenly,
  growToBuckets,
  holdsMoment,
  mergeRanges,
  overlaps,
  subtractRanges,
  type TimeRange,
} from '../../lib/market/range.ts'
import { timeframeOf } from '../../lib/market/timeframe.ts'

const ranges = fc.array(
  fc
    .tuple(fc.nat(200), fc.integer({ min: 1, max: 20 }))
    .map(([from, length]) => ({ fromUs: from, toUs: from + length })),
  { maxLength: 12 },
)
const moments = (list: readonly TimeRange[]) =>
  new Set(list.flatMap(({ fromUs, toUs }) => Array.from({ length: toUs - fromUs }, (_, i) => fromUs + i)))
const areApart = (list: readonly TimeRange[]) =>
  list.every((range, i) => i === 0 || list[i - 1]!.toUs < range.fromUs)

describe('ranges', () => {
  test('merging keeps every moment and leaves nothing that touches', () => {
    fc.assert(
      fc.property(ranges, list => {
        expect(moments(mergeRanges(list))).toEqual(moments(list))
        expect(areApart(mergeRanges(list))).toBe(true)
      }),
    )
  })

  test('subtracting leaves the moments of the one that are not in the other', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        expect(moments(subtractRanges(a, b))).toEqual(moments(a).difference(moments(b)))
      }),
    )
  })

  test('clipping leaves the moments within the stretch, and no range without one', () => {
    fc.assert(
      fc.property(ranges, fc.nat(200), fc.nat(60), (list, fromUs, length) => {
        const stretch = { fromUs, toUs: fromUs + length }
        const clipped = clipRanges(list, stretch)
        expect(moments(clipped)).toEqual(moments(list).intersection(moments([stretch])))
        expect(clipped.every(range => range.fromUs < range.toUs)).toBe(true)
      }),
    )
  })

  test('a moment is held by merged ranges when it is one of theirs: starts are, ends are not', () => {
    fc.assert(
      fc.property(ranges, list => {
        const merged = mergeRanges(list)
        const held = Array.from({ length: 230 }, (_, i) => i - 5).filter(at => holdsMoment(merged, at))
        expect(new Set(held)).toEqual(moments(list))
      }),
    )
    expect(holdsMoment([], 0)).toBe(false)
  })

  test('a stretch overlaps ranges when they share a moment; one that is empty or only touches does not', () => {
    fc.assert(
      fc.property(ranges, fc.nat(200), fc.integer({ min: 1, max: 30 }), (list, fromUs, length) => {
        const shared = moments(list).intersection(moments([{ fromUs, toUs: fromUs + length }]))
        expect(overlaps(list, fromUs, fromUs + length)).toBe(shared.size > 0)
      }),
    )
  })

  test('covering with at most N ranges loses no moment', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 6 }), (list, most) => {
        const covered = coverWith(list, most)
        expect(covered.length).toBeLessThanOrEqual(most)
        expect(moments(list).isSubsetOf(moments(covered))).toBe(true)
      }),
    )
  })

  test('covering closes the smallest gap first', () => {
    const list = [
      { fromUs: 0, toUs: 10 },
      { fromUs: 12, toUs: 20 },
      { fromUs: 100, toUs: 110 },
    ]
    expect(coverWith(list, 2)).toEqual([
      { fromUs: 0, toUs: 20 },
      { fromUs: 100, toUs: 110 },
    ])
  })

  test('two minutes across a month end grow to two months', () => {
    const minute = (text: string) => Date.parse(text) * 1000
    const grown = growToBuckets(timeframeOf('M1'), [
      { fromUs: minute('2025-01-31T23:59:00Z'), toUs: minute('2025-02-01T00:01:00Z') },
    ])
    expect(grown).toEqual([{ fromUs: minute('2025-01-01T00:00:00Z'), toUs: minute('2025-03-01T00:00:00Z') }])
  })

  test('a stretch is cut at midnights and grown to whole minutes', () => {
    const moment = (text: string) => Date.parse(text) * 1000
    const stretch = { fromUs: moment('2026-01-30T23:59:30Z') + 1, toUs: moment('2026-02-01T00:00:00Z') + 1 }
    expect([...cutAtMidnights(stretch)]).toEqual([
      { fromUs: moment('2026-01-30T23:59:00Z'), toUs: moment('2026-01-31T00:00:00Z') },
      { fromUs: moment('2026-01-31T00:00:00Z'), toUs: moment('2026-02-01T00:00:00Z') },
      { fromUs: moment('2026-02-01T00:00:00Z'), toUs: moment('2026-02-01T00:01:00Z') },
    ])
  })

  test('a stretch is cut evenly at whole minutes, into no more parts than it has', () => {
    const minutes = (from: number, to: number) => ({ fromUs: from * 60_000_000, toUs: to * 60_000_000 })
    expect(cutEvenly(minutes(0, 7), 3)).toEqual([minutes(0, 2), minutes(2, 4), minutes(4, 7)])
    expect(cutEvenly(minutes(3, 5), 9)).toEqual([minutes(3, 4), minutes(4, 5)])
    expect(cutEvenly(minutes(3, 4), 2)).toEqual([minutes(3, 4)])
    expect(cutEvenly(minutes(3, 4), 0)).toEqual([])
  })
})
