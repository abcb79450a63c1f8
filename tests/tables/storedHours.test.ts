import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HourSet, hourOf } from '../../lib/market/hours.ts'
import { NEWEST_US, OLDEST_US } from '../../lib/market/time.ts'
import { STORED_HOURS, storeHours } from '../../lib/tables/storedHours.ts'

const MAX_LENGTH = 4_096
const FIRST = hourOf(OLDEST_US)
const LAST = hourOf(NEWEST_US)
const NOW = hourOf(Date.parse('2026-03-01T12:00:00Z') * 1000)

const readBack = (hours: HourSet) => STORED_HOURS.parse(JSON.parse(JSON.stringify(storeHours(hours))))
/** Hours from one to another, one every so many. */
const every = (step: number, from = FIRST, to = LAST) =>
  HourSet.of(Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step))

/** Numbers below 1 that look random, the same in every run. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}
/** Each hour by chance, in stretches of so many. */
function byChance(share: number, stretch: number): HourSet {
  const chance = randoms(7)
  const hours: number[] = []
  for (let from = FIRST; from <= LAST; from += stretch) {
    if (chance.next().value! >= share) continue
    for (let hour = from; hour < from + stretch && hour <= LAST; hour++) hours.push(hour)
  }
  return HourSet.of(hours)
}

describe('a set of hours as text', () => {
  test('is read back as it was written, when it is as life makes it', () => {
    const hour = fc.integer({ min: NOW - 1_000, max: NOW + 2 })
    fc.assert(
      fc.property(fc.array(hour, { maxLength: 500 }), list => {
        const hours = HourSet.of(list)
        expect(readBack(hours).days()).toEqual(hours.days())
      }),
    )
  })

  test.each([
    ['no hour', HourSet.EMPTY],
    ['one hour', HourSet.of([NOW])],
    ['the last hour of 1969 and the first of 1970', HourSet.of([-1, 0])],
    ['the first and the last hour of the years 1700 to 2249', HourSet.of([FIRST, LAST])],
    ['every hour of a year', every(1, NOW - 8_760, NOW)],
    ['every hour of the years 1700 to 2249', every(1)],
    ['every third hour of a year', every(3, NOW - 8_760, NOW)],
  ])('keeps %s exactly', (_, hours) => {
    expect(readBack(hours).days()).toEqual(hours.days())
    expect(storeHours(hours).length).toBeLessThanOrEqual(MAX_LENGTH)
  })

  test('says nothing for no hour, and little for 960 hours of 40 days', () => {
    expect(storeHours(HourSet.EMPTY)).toBe('')
    expect(storeHours(every(1, NOW - 960, NOW)).length).toBeLessThan(40)
    const scattered = HourSet.of(
      every(1, NOW - 960, NOW)
        .hours()
        .filter(hour => (hour * 7) % 11 < 5),
    )
    expect(storeHours(scattered).length).toBeLessThan(200)
  })

  test('has at most 4,096 characters and loses no hour, for hours of the years 1700 to 2249 by chance', () => {
    const hour = fc.integer({ min: FIRST, max: LAST })
    fc.assert(
      fc.property(fc.array(hour, { minLength: 1, maxLength: 3_000, size: 'max' }), list => {
        const hours = HourSet.of(list)
        expect(storeHours(hours).length).toBeLessThanOrEqual(MAX_LENGTH)
        expect(hours.minus(readBack(hours)).isEmpty).toBe(true)
      }),
      // Shrinking thousands of hours would take minutes and say no more.
      { numRuns: 10, endOnFailure: true },
    )
  })

  test.each([
    ['half of all hours', byChance(0.5, 1)],
    ['half of all days', byChance(0.5, 24)],
    ['half of all weeks', byChance(0.5, 168)],
    ['half of all stretches of 100 days', byChance(0.5, 2_400)],
    ['one hour in a hundred', byChance(0.01, 1)],
    ['one hour in ten thousand', byChance(0.0001, 1)],
    ['every 25th hour', every(25)],
    ['every 1,009th hour', every(1_009)],
  ])('has at most 4,096 characters and loses no hour, for %s by chance or not', (_, hours) => {
    const text = storeHours(hours)
    expect(text.length).toBeLessThanOrEqual(MAX_LENGTH)
    const read = STORED_HOURS.parse(text)
    expect(hours.minus(read).isEmpty).toBe(true)
    // What was coarsened stays as it is from then on.
    expect(readBack(read).days()).toEqual(read.days())
  })

  test('first takes whole days where hours are too many: the days without one stay free', () => {
    const hours = HourSet.of(
      byChance(0.5, 1)
        .hours()
        .filter(hour => hour % 48 < 24 && hour > NOW - 60_000),
    )
    const read = readBack(hours)
    expect(storeHours(hours).length).toBeLessThanOrEqual(MAX_LENGTH)
    expect(read.days()).toEqual(hours.days().map(([day]) => [day, 0xffffff]))
  })

  test('keeps exactly what is left of a coarsened one, also where a day is half done: else it would never be done', () => {
    const chance = randoms(7)
    const scattered = Array.from({ length: 40_100 }, () => Math.floor(chance.next().value! * 60 * 8_760))
    // Around where whole days just fit.
    for (let count = 39_800; count <= 40_100; count += 20) {
      const some = HourSet.of(scattered.slice(0, count).map(ago => NOW - ago))
      const coarse = readBack(some)
      expect(coarse.size).toBeGreaterThan(some.size)
      const left = coarse.minus(HourSet.of([...coarse.hours()].slice(-12)))
      expect(readBack(left).days()).toEqual(left.days())
    }
  })
})

describe('what is no set of hours', () => {
  const text = storeHours(HourSet.of([NOW, NOW + 30]))
  const deflated = (bytes: number[]) => deflateRawSync(Uint8Array.from(bytes)).toString('base64')

  test.each([
    ['nothing of the kind', 'garbage'],
    ['no first day', text.slice(text.indexOf(','))],
    ['no bits', text.slice(0, text.indexOf(',') + 1)],
    ['bits cut off', text.slice(0, -5)],
    ['bits that do not inflate', '20513,AAAAAAAA'],
    ['a day that is no whole number', `1.5,${deflated([1, 0, 0])}`],
    ['a day too far away', `1234567,${deflated([1, 0, 0])}`],
    ['a day of two bytes', `1,${deflated([1, 0])}`],
    ['another alphabet', text.replace(',', ',_')],
    ['something behind it', `${text} `],
    ['more days than there are', `1,${deflated(Array(750_003).fill(1))}`],
  ])('is refused: %s', (_, stored) => {
    expect(STORED_HOURS.safeParse(stored).success).toBe(false)
  })

  test.each([null, 5, {}, ['20513']])('is refused: %j', stored => {
    expect(STORED_HOURS.safeParse(stored).success).toBe(false)
  })
})
