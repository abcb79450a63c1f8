import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDateTime } from '../../lib/market/time.ts'
import { identifier, inRanges, integerLiteral, timestampLiteral } from '../../lib/trino/literals.ts'

describe('timestampLiteral', () => {
  it.each([
    [0, '1970-01-01 00:00:00.000000'],
    [-1, '1969-12-31 23:59:59.999999'],
    [-1_000_001, '1969-12-31 23:59:58.999999'],
    [1_767_225_600_000_001, '2026-01-01 00:00:00.000001'],
    [Number.MIN_SAFE_INTEGER, '1684-07-28 00:12:25.259009'],
    [Number.MAX_SAFE_INTEGER, '2255-06-05 23:47:34.740991'],
  ])('writes %i µs as %s', (timeUs, text) => {
    expect(timestampLiteral(timeUs)).toBe(`TIMESTAMP '${text} UTC'`)
  })

  it('keeps every microsecond of the years 1700 to 2249', () => {
    const [min, max] = [Date.UTC(1700, 0) * 1000, Date.UTC(2250, 0) * 1000 - 1]
    fc.assert(
      fc.property(fc.integer({ min, max }), timeUs => {
        const [, date, time] = /^TIMESTAMP '(\S+) (\S+) UTC'$/.exec(timestampLiteral(timeUs))!
        expect(parseDateTime(`${date}T${time}Z`)).toBe(timeUs)
      }),
    )
  })

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', timeUs => {
    expect(() => timestampLiteral(timeUs)).toThrow(RangeError)
  })
})

describe('integerLiteral', () => {
  it('writes 64 bits exactly', () => {
    expect(integerLiteral(9_223_372_036_854_775_807n)).toBe('9223372036854775807')
    expect(integerLiteral(-3)).toBe('-3')
  })

  it.each([0.5, 2 ** 53, Number.NaN])('refuses the number %d, which may not be meant', value => {
    expect(() => integerLiteral(value)).toThrow(RangeError)
  })
})

describe('inRanges', () => {
  it('includes the start and excludes the end of each of 2 ranges', () => {
    const ranges = [
      { fromUs: 0, toUs: 60_000_000 },
      { fromUs: 120_000_000, toUs: 180_000_000 },
    ]
    expect(inRanges('date_time', ranges)).toBe(
      '(date_time >= from_unixtime(0) AND date_time < from_unixtime(60))' +
        ' OR (date_time >= from_unixtime(120) AND date_time < from_unixtime(180))',
    )
  })

  it('writes seconds before 1970 with their sign, and the far ends of the years 1700 to 2249 exactly', () => {
    const ranges = [
      { fromUs: -60_000_000, toUs: 0 },
      { fromUs: Date.UTC(1700, 0) * 1000, toUs: Date.UTC(2250, 0) * 1000 },
    ]
    expect(inRanges('date_time', ranges)).toBe(
      '(date_time >= from_unixtime(-60) AND date_time < from_unixtime(0))' +
        ' OR (date_time >= from_unixtime(-8520336000) AND date_time < from_unixtime(8835955200))',
    )
  })

  it.each([
    [1, 60_000_000],
    [0, 59_999_999],
    [-1, 0],
    [Number.NaN, 0],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses the range from %d to %d: what is no whole second would be cut off', (fromUs, toUs) => {
    expect(() => inRanges('date_time', [{ fromUs, toUs }])).toThrow(RangeError)
  })

  it('refuses a column that is no plain name', () => {
    expect(() => inRanges('a b', [{ fromUs: 0, toUs: 60_000_000 }])).toThrow(RangeError)
    expect(() => inRanges('a b', [])).toThrow(RangeError)
  })

  it('is false for 0 ranges', () => {
    expect(inRanges('date_time', [])).toBe('false')
  })
})

describe('identifier', () => {
  it('passes a plain name', () => {
    expect(identifier('date_time')).toBe('date_time')
  })

  it.each(['', 'Date', '1st', 'a b', "a'", 'a"', 'a;--', 'a\n', 'é'])('refuses %j', name => {
    expect(() => identifier(name)).toThrow(RangeError)
  })
})
