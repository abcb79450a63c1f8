import { describe, expect, test } from 'vitest'
import { LoadedCandles } from '../../page/loaded.js'
import { at } from './support.ts'

const page = (minutes: number[], older: string | null) => ({
  candles: minutes.map(minute => at(minute)),
  older,
})
const minutesOf = ({ candles }: LoadedCandles) =>
  candles.map(({ dateTime }) => Number(dateTime.slice(14, 16)))

describe('the newest page', () => {
  test('replaces what it overlaps, and the older candles before it stay', () => {
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

  test('after a long absence, when candles may lie between, drops the old ones: there is no gap', () => {
    const loaded = new LoadedCandles()
    loaded.takeNewest(page([1, 2, 3], null))
    loaded.takeNewest(page([30, 31], 'older than 30'))
    expect(minutesOf(loaded)).toEqual([30, 31])
    expect(loaded.older).toBe('older than 30')
  })

  test('that is all there is replaces everything, as after the table was made again', () => {
    const loaded = new LoadedCandles()
    loaded.takeNewest(page([20, 21], 'older than 20'))
    loaded.takeOlder(page([10], 'older than 10'))
    loaded.takeNewest(page([21], null))
    expect([minutesOf(loaded), loaded.older]).toEqual([[21], null])
    loaded.takeNewest(page([], null))
    expect(minutesOf(loaded)).toEqual([])
  })
})

describe('the last candles', () => {
  test('replace those from a moment on, also where one of them is gone', () => {
    const loaded = new LoadedCandles()
    loaded.takeNewest(page([20, 21, 22], 'older than 20'))
    loaded.takeFrom(at(21).dateTime, [at(21, { close: 9 }), at(23)])
    expect(minutesOf(loaded)).toEqual([20, 21, 23])
    expect(loaded.candles[1]!.close).toBe(9)
    expect(loaded.older).toBe('older than 20')
  })

  test('stay the same objects where nothing about them has changed, and the list the same list', () => {
    const loaded = new LoadedCandles()
    loaded.takeNewest(page([20, 21], null))
    const [first] = loaded.candles
    const before = loaded.candles
    loaded.takeFrom(at(21).dateTime, [at(21)])
    expect(loaded.candles).toBe(before)
    loaded.takeFrom(at(21).dateTime, [at(21, { revision: 2 })])
    expect(loaded.candles).not.toBe(before)
    expect(loaded.candles[0]).toBe(first)
  })

  test('are asked for from the one before the first that is still open, of the last few', () => {
    const loaded = new LoadedCandles()
    expect(loaded.lastSettled).toBeUndefined()
    const open = { closed: false }
    loaded.takeNewest({
      candles: [at(1, open), ...Array.from({ length: 10 }, (_, i) => at(i + 2))],
      older: null,
    })
    expect(loaded.lastSettled).toEqual(at(11))
    loaded.takeFrom(at(10).dateTime, [at(10, open), at(11, open)])
    expect(loaded.lastSettled).toEqual(at(9))
    expect(loaded.firstOfFew).toEqual(at(2))
    loaded.takeNewest({ candles: [at(1, open), at(3)], older: null })
    expect(loaded.lastSettled).toBeUndefined()
  })
})

describe('a window on the past', () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      at(0, { dateTime: new Date(Date.UTC(2026, 0, 1) + (from + i) * 60_000).toISOString() }),
    )

  test('grows to the newest, and is there then', () => {
    const loaded = new LoadedCandles()
    loaded.takeAll(page([10, 11], 'older than 10'), at(12).dateTime)
    expect(loaded.isAtNewest).toBe(false)
    loaded.takeNewer([at(12), at(13)], at(14).dateTime)
    expect([minutesOf(loaded), loaded.newer]).toEqual([[10, 11, 12, 13], at(14).dateTime])
    loaded.takeNewer([at(15)], null)
    expect([minutesOf(loaded), loaded.isAtNewest, loaded.older]).toEqual([
      [10, 11, 12, 13, 15],
      true,
      'older than 10',
    ])
  })

  test('read again, begins earlier or later where some of its candles are gone', () => {
    const loaded = new LoadedCandles()
    loaded.takeAll(page([10, 11, 12], 'older than 10'), at(13).dateTime)
    loaded.takeAgain(page([9, 11, 12], 'older than 9'))
    expect([minutesOf(loaded), loaded.older, loaded.newer]).toEqual([
      [9, 11, 12],
      'older than 9',
      at(13).dateTime,
    ])
    loaded.takeAgain(page([11, 12], 'older than 11'))
    expect([minutesOf(loaded), loaded.older]).toEqual([[9, 11, 12], 'older than 9'])
    loaded.takeAgain(page([11, 12], null))
    expect([minutesOf(loaded), loaded.older]).toEqual([[11, 12], null])
  })

  test('holds 20,000 candles: going back drops the newest, going forth the oldest', () => {
    const loaded = new LoadedCandles()
    loaded.takeNewest({ candles: many(30_000, 15_000), older: 'x' })
    loaded.takeOlder({ candles: many(20_000, 10_000), older: 'y' })
    expect([loaded.candles.length, loaded.older]).toEqual([20_000, 'y'])
    expect(loaded.newer).toBe(many(40_000, 1)[0]!.dateTime)
    loaded.takeNewer(many(40_000, 5_000), null)
    expect([loaded.candles.length, loaded.isAtNewest]).toEqual([20_000, true])
    expect(loaded.older).toBe(many(25_000, 1)[0]!.dateTime)
  })
})
