import { describe, expect, test } from 'vitest'
import { bucketText, changeText, decimalsOf, priceFormat } from '../../page/format.js'

const TIME = Date.UTC(2026, 10, 24, 4, 5)
const candle = (price: number) => ({
  ...{ dateTime: '', open: price, high: price, low: price, close: price },
  ...{ volume: 1, closed: true, revision: 1 },
})

test.each([
  ['m1', 'Tue 24 Nov 2026 04:05'],
  ['h4', 'Tue 24 Nov 2026 04:05'],
  ['D1', 'Tue 24 Nov 2026'],
  ['W1', 'Tue 24 Nov 2026'],
  ['M1', 'Nov 2026'],
])('a bucket of %s is named %s', (timeframe, text) => {
  expect(bucketText(TIME, timeframe)).toBe(text)
})

describe('prices', () => {
  test.each([
    [[627.045, 627], 3],
    [[1.08, 1.08421], 5],
    [[5], 2],
    [[0.00000012], 8],
    [[62_700.123456789], 4],
    [[96.48567637918023], 7],
    [[1e-12], 8],
    [[123_456_789.5], 0],
    [[0], 2],
    [[-12.5], 2],
  ])('%j have %i decimals', (prices, decimals) => {
    expect(decimalsOf(prices.map(candle))).toBe(decimals)
  })

  test('are written with all their decimals and separators', () => {
    expect([priceFormat(3)(1_234.5), priceFormat(2)(-0.5), priceFormat(0)(1e6)]).toEqual([
      '1,234.500',
      '−0.50',
      '1,000,000',
    ])
  })

  test('change in percent, with a sign; from nothing there is none', () => {
    expect([changeText(100, 101.25), changeText(100, 99), changeText(0, 1), changeText(-2, -1)]).toEqual([
      '+1.25 %',
      '−1.00 %',
      '',
      '+50.00 %',
    ])
  })
})
