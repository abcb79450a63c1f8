import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEWEST_US, OLDEST_US, parseDateTime } from '../../lib/market/time.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { BadQuery, candlesRequest } from '../../lib/requests/candlesRequest.ts'

const WHAT = { source: 'SOURCE_1', symbol: 'EURUSD', timeframe: 'm5' }
const query = (fields: Record<string, string>) => new URLSearchParams({ ...WHAT, ...fields })

/** Counts how often all parameters were looked at. */
class CountedParams extends URLSearchParams {
  walks = 0

  override getAll(name: string): string[] {
    this.walks++
    return super.getAll(name)
  }
}

describe('candlesRequest', () => {
  test('without a stretch, the newest 500 candles are meant', () => {
    expect(candlesRequest(query({}))).toEqual({ ...WHAT, fromUs: undefined, toUs: undefined, limit: 500 })
  })

  test('a stretch is read in microseconds, UTC', () => {
    const stretch = { from: '1970-01-01T00:00:01', to: '1970-01-01T02:00:00+01:00', limit: '7' }
    expect(candlesRequest(query(stretch))).toEqual({ ...WHAT, fromUs: 1e6, toUs: 3_600e6, limit: 7 })
  })

  test.each([
    ['1970-01-02', 86_400e6],
    ['1970-01-01T03:00:00 02:00', 3_600e6],
    ['1970-01-01T03:00:00.5 0200', 3_600.5e6],
    ['0001-01-01', OLDEST_US],
    ['9999-12-31T23:59:59Z', NEWEST_US],
  ])('an end may be %s', (from, fromUs) => {
    expect(candlesRequest(query({ from })).fromUs).toBe(fromUs)
  })

  test('a zone with a plus sign that is not escaped is read in a URL', () => {
    const url = '/candles?source=S&symbol=A&timeframe=m1&to=1970-01-01T03:00:00+02:00'
    expect(candlesRequest(new URL(url, 'http://host').searchParams).toUs).toBe(3_600e6)
  })

  test.each([
    [{ source: '' }, /source is empty/],
    [{ timeframe: 'm2' }, /timeframe must be one of m1, m5, m10, m15, m30, h1, h3, h4, D1, W1, M1/],
    [{ from: 'yesterday' }, /from is not an ISO 8601 date, or date and time, such as/],
    [{ from: '2026-01-02T00:00:00', to: '2026-01-01T00:00:00' }, /from must lie before to/],
    [{ from: '9999-01-02', to: '9999-01-01' }, /from must lie before to/],
    [{ from: '2026-02-30' }, /from is not an ISO 8601/],
    [{ to: '10000-01-01' }, /to is not an ISO 8601/],
    [{ from: '2026-01-01 12' }, /from is not an ISO 8601/],
    [{ limit: '0' }, /limit must be from 1 to 5000/],
    [{ limit: '5001' }, /limit must be from 1 to 5000/],
    [{ limit: '1e3' }, /limit must be a whole number/],
    [{ symbol: 'x'.repeat(129) }, /symbol is longer/],
    [{ tf: 'm1' }, /the query may have source, symbol, timeframe, from, to and limit/],
    [{ __proto__x: '1' }, /the query may have source/],
  ])('%j is refused, and it is said what is allowed', (fields, message) => {
    expect(() => candlesRequest(query(fields))).toThrow(message)
  })

  test('what is missing is named, all of it at once; what is given twice too', () => {
    expect(() => candlesRequest(new URLSearchParams())).toThrow(/source.*symbol.*timeframe must be one of/)
    expect(() => candlesRequest(new URLSearchParams('symbol=a&symbol=b&to=1&to=2'))).toThrow(
      'symbol and to may be given once only',
    )
    expect(() => candlesRequest(query({ '': '1' }))).toThrow('the query may have source, symbol')
    expect(() => candlesRequest(new URLSearchParams('=&=&tf=1&tf=2'))).toThrow(
      'the query may have source, symbol',
    )
  })

  test('a million letters of parameters are walked through a few times, and not once for each parameter', () => {
    const many = new CountedParams(Array.from({ length: 200_000 }, (_, i) => i.toString(36)).join('&'))
    expect(() => candlesRequest(many)).toThrow('the query may have source, symbol')
    expect(many.walks).toBeLessThan(10)
  })

  test('every name, stretch and limit that is allowed comes through a URL unchanged', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    const time = fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
    const asked = fc.record({
      source: name,
      symbol: name,
      timeframe: fc.constantFrom(...TIMEFRAMES.map(({ name }) => name)),
      from: fc.option(time),
      limit: fc.integer({ min: 1, max: 5_000 }),
    })
    fc.assert(
      fc.property(asked, ({ from, limit, ...what }) => {
        const given = { ...what, limit: String(limit), ...(from && { from: from.toISOString() }) }
        const read = candlesRequest(new URLSearchParams(`${new URLSearchParams(given)}`))
        const fromUs = from ? parseDateTime(from.toISOString()) : undefined
        expect(read).toEqual({ ...what, limit, fromUs, toUs: undefined })
      }),
    )
  })

  test('any other query is refused as a BadQuery, never with another error', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('m1', '5', '2026-01-01T00:00:00', '__proto__', 'from', 'source'),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), pairs => {
        try {
          candlesRequest(new URLSearchParams(pairs))
        } catch (error) {
          expect(error).toBeInstanceOf(BadQuery)
        }
      }),
    )
  })
})
