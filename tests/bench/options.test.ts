import { expect, test } from 'vitest'
import { wholeNumber, wholeNumbers } from '../../bench/options.ts'

test('numbers are those of the command line, or the fallback', () => {
  expect(wholeNumber({ values: { days: '30' } }, 'days', 365)).toBe(30)
  expect(wholeNumber({ values: {} }, 'days', 365)).toBe(365)
  expect(wholeNumber({ values: { history: '0' } }, 'history', 365, 0)).toBe(0)
  expect(wholeNumbers({ values: { symbols: '200,' } }, 'symbols', '200,2000')).toEqual([200])
  expect(wholeNumbers({ values: {} }, 'symbols', '200,2000')).toEqual([200, 2_000])
})

test.each(['0', '1.5', 'x', '-1'])('%j is refused, with what is wanted', given => {
  const run = { values: { days: given } }
  const refusal = `--days ${given} cannot be: a whole number from 1 is wanted`
  expect(() => wholeNumber(run, 'days', 365)).toThrow(refusal)
})

test('one wrong number of several is refused', () => {
  expect(() => wholeNumbers({ values: { symbols: '200,x' } }, 'symbols', '200')).toThrow('--symbols x')
})
