import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeText, PriceFormat } from '../../page/prices.js'
import { priced } from './support.ts'

const of = (...prices: number[]) => PriceFormat.of(prices.map(priced))

describe('a format by the prices of a symbol', () => {
  test.each([
    [[627.045, 627], '627.045', '627.000'],
    [[1.08, 1.08421], '1.08000', '1.08421'],
    [[5], '5.00', '5.00'],
    [[0.00000012], '0.00000012', '0.00000012'],
    [[62_700.123456789], '62,700.1235', '62,700.1235'],
    [[96.48567637918023], '96.4856764', '96.4856764'],
    [[0.0000123456789], '0.0000123457', '0.0000123457'],
    [[123_456_789.5], '123,456,790', '123,456,790'],
    [[1.5e-9, 1.62e-9], '1.50000e−9', '1.62000e−9'],
    [[9.5e-9, 12e-9], '0.95000e−8', '1.20000e−8'],
    [[1.7e308, 1.1e308], '1.70000e308', '1.10000e308'],
    [[5e-324], '4.94066e−324', '4.94066e−324'],
    [[2.5e12], '2.50000e12', '2.50000e12'],
    [[0], '0.00', '0.00'],
    [[-12.5], '−12.50', '−12.50'],
  ])('of %j writes %s and %s', (prices, first, last) => {
    const format = of(...prices)
    expect([format.text(prices[0]!), format.text(prices.at(-1)!)]).toEqual([first, last])
  })

  test.each([[1.5e-9], [1.7e308], [-1.7e308], [0.00001234], [627.04], [1e11]])(
    'brings %d within the arithmetic of the chart, and back',
    price => {
      const format = of(price)
      const value = format.toChart(price)
      expect(Math.abs(value)).toBeLessThan(1e13)
      expect(Math.abs(value)).toBeGreaterThan(1e-7)
      expect(format.fromChart(value) / price).toBeCloseTo(1, 12)
      expect(format.chartText(value)).toBe(format.text(price))
    },
  )

  test('a price of quite another size is written by itself', () => {
    expect(of(627, 1.7e308).text(627.04)).toBe('627.040')
    expect(of(1.5e-9).text(0.25)).toBe('0.250000')
    expect(of(1.5e-9).text(3e-20)).toBe('3.00000e−20')
    expect(of(627).text(1.7e308)).toBe('1.70000e308')
    expect(of(627).text(1.5e-9)).toBe('1.50000e−9')
    expect(of(627, 1e-21).text(-1e-21)).toBe('−1.00000e−21')
  })

  test('no price but zero reads as zero, and each of them is finite for the chart', () => {
    const price = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc
        .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -320, max: 300 }))
        .map(([digits, power]) => Number(`${digits}e${power}`)),
    )
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 8 }), fc.array(price), (prices, others) => {
        const format = of(...prices)
        for (const one of [...prices, ...others]) {
          const read = Number(format.text(one).replaceAll(',', '').replaceAll('−', '-'))
          expect(read === 0).toBe(one === 0)
        }
        for (const one of prices) expect(Number.isFinite(format.toChart(one))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('a change in percent has a sign; from nothing there is none', () => {
  expect([changeText(100, 101.25), changeText(100, 99), changeText(-2, -1)]).toEqual([
    '+1.25 %',
    '−1.00 %',
    '+50.00 %',
  ])
  expect([changeText(0, 1), changeText(1e-300, 1e300)]).toEqual(['', ''])
  expect(changeText(1, 1.7e8)).toBe('+1.70e10 %')
})
