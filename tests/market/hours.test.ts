import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOfHour, HourSet, hourOf } from '../../lib/market/hours.ts'
import type { TimeRange } from '../../lib/market/range.ts'
import { HOUR_US, NEWEST_US, OLDEST_US } from '../../lib/market/time.ts'

/** Few days on both sides of 1970, so that sets meet, and now and then a far one. */
const hour = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -60, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: hourOf(OLDEST_US), max: hourOf(NEWEST_US) }) },
)
const hours = fc.array(hour, { maxLength: 30 }).map(list => new Set(list))
/** Stretches that begin and end on an hour, beside one, or within it; some are empty or upside down. */
const ranges: fc.Arbitrary<TimeRange[]> = fc.array(
  fc
    .tuple(
      fc.integer({ min: -80, max: 80 }),
      fc.integer({ min: -1, max: 60 }),
      fc.constantFrom(0, 1, -1, 1_800_000_000),
      fc.constantFrom(0, 1, -1, 1_800_000_000),
    )
    .map(([from, length, fromShift, toShift]) => {
      return { fromUs: from * HOUR_US + fromShift, toUs: (from + length) * HOUR_US + toShift }
    }),
  { maxLength: 4 },
)

const listed = (set: HourSet) => [...set.hours()]
const ascending = (set: Iterable<number>) => [...set].toSorted((a, b) => a - b)
const sharesMoment = (hour: number, { fromUs, toUs }: TimeRange) =>
  fromUs < toUs && fromUs < (hour + 1) * HOUR_US && hour * HOUR_US < toUs
const touching = (list: Iterable<number>, stretches: readonly TimeRange[]) =>
  ascending(list).filter(hour => stretches.some(range => sharesMoment(hour, range)))

describe('a set of hours', () => {
  test('lists its hours in order, each once, and has no others', () => {
    fc.assert(
      fc.property(hours, hour, (plain, other) => {
        const set = HourSet.of(plain)
        expect(listed(set)).toEqual(ascending(plain))
        expect(set.size).toBe(plain.size)
        expect(set.isEmpty).toBe(plain.size === 0)
        for (const hour of [...plain, other]) expect(set.has(hour)).toBe(plain.has(hour))
      }),
    )
  })

  test('joins, subtracts and intersects as a plain set of numbers does', () => {
    fc.assert(
      fc.property(hours, hours, (a, b) => {
        const [one, other] = [HourSet.of(a), HourSet.of(b)]
        expect(listed(one.union(other))).toEqual(ascending(a.union(b)))
        expect(listed(one.minus(other))).toEqual(ascending(a.difference(b)))
        expect(listed(one.intersect(other))).toEqual(ascending(a.intersection(b)))
        expect(listed(one)).toEqual(ascending(a))
      }),
    )
  })

  test('knows its earliest and latest hour; an empty one has neither', () => {
    fc.assert(
      fc.property(hours, plain => {
        const set = HourSet.of(plain)
        expect(set.firstHour).toBe(ascending(plain).at(0) ?? Number.NaN)
        expect(set.lastHour).toBe(ascending(plain).at(-1) ?? Number.NaN)
      }),
    )
  })

  test('keeps of its hours those that share a moment with a stretch, however long that is', () => {
    fc.assert(
      fc.property(hours, ranges, (plain, stretches) => {
        const set = HourSet.of(plain)
        expect(listed(set.within(stretches))).toEqual(touching(plain, stretches))
        for (const { fromUs, toUs } of stretches) {
          expect(set.touches(fromUs, toUs)).toBe(touching(plain, [{ fromUs, toUs }]).length > 0)
        }
      }),
      { numRuns: 1_000 },
    )
    const ever = { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER }
    expect(listed(HourSet.of([-5, 0, 700]).within([ever]))).toEqual([-5, 0, 700])
  })

  test('is made of all hours that share a moment with one of some stretches', () => {
    const universe = Array.from({ length: 400 }, (_, i) => i - 200)
    fc.assert(
      fc.property(ranges, stretches => {
        expect(listed(HourSet.touching(stretches))).toEqual(touching(universe, stretches))
      }),
    )
  })

  test('becomes stretches that hold exactly its hours, in order, none touching the next', () => {
    fc.assert(
      fc.property(hours, plain => {
        const set = HourSet.of(plain)
        const stretches = set.ranges()
        const inside = stretches.flatMap(({ fromUs, toUs }) =>
          Array.from({ length: (toUs - fromUs) / HOUR_US }, (_, i) => fromUs / HOUR_US + i),
        )
        expect(inside).toEqual(ascending(plain))
        expect(stretches.every((range, i) => i === 0 || stretches[i - 1]!.toUs < range.fromUs)).toBe(true)
        expect(listed(HourSet.touching(stretches))).toEqual(ascending(plain))
      }),
    )
  })

  test('is put together again from its days', () => {
    fc.assert(
      fc.property(hours, plain => {
        const days = HourSet.of(plain).days()
        expect(days.map(([day]) => day)).toEqual(ascending(new Set([...plain].map(dayOfHour))))
        expect(listed(HourSet.ofMasks(days.toReversed()))).toEqual(ascending(plain))
      }),
    )
  })
})

describe('hours at the edges of days', () => {
  test.each([
    [-HOUR_US, -1, -1],
    [-1, -1, -1],
    [0, 0, 0],
    [24 * HOUR_US - 1, 23, 0],
    [24 * HOUR_US, 24, 1],
    [-24 * HOUR_US, -24, -1],
    [-24 * HOUR_US - 1, -25, -2],
  ])('the moment %d lies in hour %d of day %d', (timeUs, hour, day) => {
    expect(hourOf(timeUs)).toBe(hour)
    expect(dayOfHour(hour)).toBe(day)
  })

  test('the last hour of a day and the first of the next are one stretch, also at the end of 1969', () => {
    expect(HourSet.of([23, 24]).ranges()).toEqual([{ fromUs: 23 * HOUR_US, toUs: 25 * HOUR_US }])
    expect(HourSet.of([-1, 0]).ranges()).toEqual([{ fromUs: -HOUR_US, toUs: HOUR_US }])
  })

  test('a whole day and the hours beside it are one stretch', () => {
    const whole = HourSet.ofMasks([
      [0, 0xffffff],
      [-1, 0x800000],
      [1, 1],
    ])
    expect(whole.size).toBe(26)
    expect(whole.ranges()).toEqual([{ fromUs: -HOUR_US, toUs: 25 * HOUR_US }])
  })

  test('a stretch that ends before it begins has no moment, and so no hour, also within one hour', () => {
    const upsideDown = { fromUs: 5 * HOUR_US + 9, toUs: 5 * HOUR_US + 1 }
    expect(HourSet.touching([upsideDown]).isEmpty).toBe(true)
    expect(HourSet.of([5]).within([upsideDown]).isEmpty).toBe(true)
    expect(HourSet.of([5]).touches(upsideDown.fromUs, upsideDown.toUs)).toBe(false)
  })

  test('a stretch that ends at midnight has no hour of the day that begins', () => {
    expect(listed(HourSet.touching([{ fromUs: 23 * HOUR_US, toUs: 24 * HOUR_US }]))).toEqual([23])
    expect(listed(HourSet.touching([{ fromUs: 23 * HOUR_US, toUs: 24 * HOUR_US + 1 }]))).toEqual([23, 24])
  })

  test('no hour lies before 1700 or after 2249: others write rows of any time', () => {
    const [oldest, newest] = [Date.UTC(1700, 0) * 1000, Date.UTC(2250, 0) * 1000]
    const beyond = { fromUs: Number.MIN_SAFE_INTEGER, toUs: 1_767_225_600_000_000_000 }
    const all = HourSet.touching([beyond])
    expect([all.firstHour, all.lastHour + 1]).toEqual([oldest / HOUR_US, newest / HOUR_US])
    expect(HourSet.touching([{ fromUs: newest, toUs: beyond.toUs }]).isEmpty).toBe(true)
    expect(HourSet.touching([{ fromUs: beyond.fromUs, toUs: oldest }]).isEmpty).toBe(true)
  })

  test('a day without an hour is none of its days', () => {
    expect(HourSet.ofMasks([[5, 0]]).isEmpty).toBe(true)
    expect(
      HourSet.of([3])
        .minus(HourSet.of([3]))
        .days(),
    ).toEqual([])
  })
})
