import { describe, expect, test } from 'vitest'
import { bollinger, ema, rsi, sma } from '../../page/studies.js'

/** Closes of StockCharts' worked examples of moving averages, and of the relative strength index. */
const CLOSES = [
  ...[22.2734, 22.194, 22.0847, 22.1741, 22.184, 22.1344, 22.2337, 22.4323, 22.2436, 22.2933],
  ...[22.1542, 22.3926, 22.3816, 22.6109, 23.3558, 24.0519, 23.753, 23.8324, 23.9516, 23.6338],
]
const RSI_CLOSES = [
  ...[44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826],
  ...[45.8931, 46.0328, 45.614, 46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439],
]
const rounded = (values: (number | undefined)[], decimals = 2) =>
  values.map(value => (value === undefined ? undefined : Number(value.toFixed(decimals))))

describe('studies of closes against known values', () => {
  test('SMA 10', () => {
    expect(rounded(sma(CLOSES, 10)).slice(8)).toEqual([
      ...[undefined, 22.22, 22.21, 22.23, 22.26, 22.31, 22.42, 22.61, 22.77, 22.91, 23.08, 23.21],
    ])
  })

  test('EMA 10', () => {
    expect(rounded(ema(CLOSES, 10)).slice(8)).toEqual([
      ...[undefined, 22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.8, 22.97, 23.13, 23.28, 23.34],
    ])
  })

  test('RSI 14', () => {
    expect(rounded(rsi(RSI_CLOSES, 14)).slice(13)).toEqual([
      undefined,
      ...[70.53, 66.32, 66.55, 69.41, 66.36, 57.97],
    ])
  })

  test('Bollinger 5: twice the deviation of the population around the mean', () => {
    const { upper, middle, lower } = bollinger([2, 4, 4, 4, 6, 8], 5)
    // Means 4 and 5.2; variances (4 + 0 + 0 + 0 + 4) / 5 and (3 × 1.44 + 0.64 + 7.84) / 5.
    expect(rounded(middle)).toEqual([...Array(4).fill(undefined), 4, 5.2])
    expect(rounded(upper, 4)).toEqual([...Array(4).fill(undefined), 6.5298, 8.4])
    expect(rounded(lower, 4)).toEqual([...Array(4).fill(undefined), 1.4702, 2])
  })
})

test('RSI is 100 where prices only rise, 0 where they only fall, and 50 where they stand', () => {
  const last = (prices: number[]) => rsi(prices, 3).at(-1)
  expect([last([1, 2, 3, 4, 5]), last([5, 4, 3, 2, 1]), last([2, 2, 2, 2, 2])]).toEqual([100, 0, 50])
})

test('too few prices have no value, none at all no values', () => {
  expect([sma([1, 2], 3), ema([1, 2], 3), rsi([1, 2, 3], 3)]).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined, undefined],
  ])
  expect([sma([], 3), bollinger([], 3).upper]).toEqual([[], []])
})
