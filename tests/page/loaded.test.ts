import { expect, test } from 'vitest'
import type { Candle } from '../../page/api.js'
import { LoadedCandles } from '../../page/loaded.js'

const VALUES = { open: 1, high: 1, low: 1, close: 1, volume: 1, closed: true, revision: 1 }
const at = (minute: number, of: Partial<Candle> = {}): Candle => ({
  dateTime: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000000Z`,
  ...VALUES,
  ...of,
})
const page = (minutes: number[], older: string | null) => ({
  candles: minutes.map(minute => at(minute)),
  older,
})
const minutesOf = ({ candles }: LoadedCandles) =>
  candles.map(({ dateTime }) => Number(dateTime.slice(14, 16)))

test('the newest page replaces what it overlaps, and the older candles before it stay', () => {
  const loaded = new LoadedCandles()
  loaded.takeNewest(page([20, 21, 22], 'older than 20'))
  loaded.takeOlder(page([10, 11], 'older than 10'))
  loaded.takeNewest({
    candles: [at(21, { volume: 5 }), at(22, { volume: 6 }), at(23)],
    older: 'older than 21',
  })
  expect(minutesOf(loaded)).toEqual([10, 11, 20, 21, 22, 23])
  expect(loaded.candles.map(({ volume }) => volume)).toEqual([1, 1, 1, 5, 6, 1])
  expect(loaded.older).toBe('older than 10')
})

test('after a long absence, candles may lie between: the old ones go, so that there is no gap', () => {
  const loaded = new LoadedCandles()
  loaded.takeNewest(page([1, 2, 3], null))
  loaded.takeNewest(page([30, 31], 'older than 30'))
  expect(minutesOf(loaded)).toEqual([30, 31])
  expect(loaded.older).toBe('older than 30')
})

test('a page that is all there is takes the place of everything, as after the table was made anew', () => {
  const loaded = new LoadedCandles()
  loaded.takeNewest(page([20, 21], 'older than 20'))
  loaded.takeOlder(page([10], 'older than 10'))
  loaded.takeNewest(page([21], null))
  expect([minutesOf(loaded), loaded.older]).toEqual([[21], null])
  loaded.takeNewest(page([], null))
  expect(minutesOf(loaded)).toEqual([])
})
