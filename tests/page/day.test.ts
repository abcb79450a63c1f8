import { expect, test } from 'vitest'
import { dayChange } from '../../page/day.js'
import { at } from './support.ts'

/** A Tuesday. */
const NOW = Date.UTC(2026, 10, 24, 14, 31)
const day = (date: string, open: number, close: number) =>
  at(0, { dateTime: `2026-11-${date}T00:00:00.000000Z`, open, close })

test.each([
  ['yesterday’s close', [day('23', 9, 100), day('24', 101, 103)], 104, '+4.00 %', 'vs Mon close'],
  ['Friday’s close, over a weekend', [day('20', 9, 50), day('24', 51, 52)], 49, '−2.00 %', 'vs Fri close'],
  ['today’s open, on the first day', [day('24', 80, 81)], 84, '+5.00 %', 'vs today’s open'],
  ['the day with the newest ticks', [day('19', 9, 10), day('20', 9, 11)], 11, '+10.00 %', 'Fri vs Thu close'],
  ['a day long ago', [day('01', 9, 10), day('02', 9, 11)], 11, '+10.00 %', '2026-11-02 vs 2026-11-01 close'],
])('the change of the day is since %s', (_since, daily, price, text, name) => {
  expect(dayChange(daily, price, NOW)).toEqual({ text, name, isUp: !text.startsWith('−') })
})

test('without a day, or since nothing, there is none', () => {
  expect([dayChange([], 1, NOW), dayChange([day('24', 0, 1)], 1, NOW)]).toEqual([undefined, undefined])
})
