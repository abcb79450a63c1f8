import { describe, expect, test } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { chooseClosing, mayCloseWithin } from '../../lib/rollup/closing.ts'
import { candleFile } from '../support/candleFile.ts'

const MINUTE = 60_000_000
const HOUR = 60

const names = (files: readonly LiveFile[]) => files.map(({ path }) => path)
const closing = (files: readonly LiveFile[], closedUntil: number, due: number, maxRows: number) => {
  const { files: chosen, untilUs } = chooseClosing(files, closedUntil * MINUTE, due * MINUTE, maxRows)
  return { chosen: names(chosen), untilUs }
}

describe('chooseClosing', () => {
  test('takes all open files that may have a candle due, and no other', () => {
    const files = [
      candleFile('due', { from: 5 }),
      candleFile('later', { from: 9 }),
      candleFile('closed', { from: 5, open: false }),
      candleFile('month', { timeframe: 'M1', from: 0 }),
    ]
    expect(closing(files, 3, 6, 1_000)).toEqual({ chosen: ['due'], untilUs: 6 * MINUTE })
  })

  test('takes no file of removed candles', () => {
    expect(closing([candleFile('removed', { timeframe: 'removed_m1', from: 5 })], 3, 6, 1_000)).toEqual({
      chosen: [],
      untilUs: 6 * MINUTE,
    })
  })

  test('takes a coarser candle at the end of its bucket, and not a minute before', () => {
    const files = [candleFile('hour', { timeframe: 'h1', from: HOUR })]
    expect(closing(files, 100, 119, 1_000).chosen).toEqual([])
    expect(closing(files, 119, 120, 1_000).chosen).toEqual(['hour'])
    expect(closing(files, 120, 121, 1_000).chosen).toEqual([])
  })

  test('of too many rows the earliest, and closes up to a microsecond before the first one left out', () => {
    const files = [candleFile('c', { from: 7 }), candleFile('a', { from: 5 }), candleFile('b', { from: 6 })]
    expect(closing(files, 3, 9, 200)).toEqual({ chosen: ['a', 'b'], untilUs: 8 * MINUTE - 1 })
    expect(closing(files, 3, 9, 201)).toEqual({ chosen: ['a', 'b', 'c'], untilUs: 9 * MINUTE })
  })

  test('what ends at one moment closes together, however much it is', () => {
    const files = [candleFile('a', { from: 5 }), candleFile('b', { from: 5 }), candleFile('c', { from: 6 })]
    expect(closing(files, 3, 9, 1)).toEqual({ chosen: ['a', 'b'], untilUs: 7 * MINUTE - 1 })
    expect(closing(files, 3, 9, -5).chosen).toEqual(['a', 'b'])
  })

  test('files that mix open candles with long closed ones are read beside, so that each round closes something', () => {
    const files = [
      candleFile('mixed', { from: 0, to: 8 }),
      candleFile('mixed too', { from: 1, to: 8 }),
      candleFile('next', { from: 5, to: 8 }),
    ]
    expect(closing(files, 3, 9, 50)).toEqual({ chosen: ['mixed', 'mixed too'], untilUs: 6 * MINUTE - 1 })
    expect(closing(files, 3, 9, 150)).toEqual({ chosen: ['mixed', 'mixed too'], untilUs: 6 * MINUTE - 1 })
    expect(closing(files, 3, 9, 250).chosen).toEqual(['mixed', 'mixed too', 'next'])
  })

  test('a file whose candles all ended before is left alone, though some of them are open: they wait', () => {
    expect(closing([candleFile('waiting', { from: 0, to: 2 })], 3, 9, 1_000).chosen).toEqual([])
  })

  test('a file without bounds may hold anything', () => {
    const { lowerBounds: _lower, upperBounds: _upper, ...unknown } = candleFile('unknown', { from: 100 })
    expect(closing([unknown], 3, 9, 50).chosen).toEqual(['unknown'])
  })

  test('nothing is read when nothing is due', () => {
    expect(closing([candleFile('a', { from: 1 })], 9, 9, 50)).toEqual({ chosen: [], untilUs: 9 * MINUTE })
    expect(closing([candleFile('a', { from: 1 })], 9, 8, 50)).toEqual({ chosen: [], untilUs: 9 * MINUTE })
  })
})

describe('mayCloseWithin', () => {
  const hours = (from: number, to: number) => [{ fromUs: from * HOUR * MINUTE, toUs: to * HOUR * MINUTE }]
  const within = (files: readonly LiveFile[], from: number, to: number) =>
    names(mayCloseWithin(files, hours(from, to)))

  test('takes files that may hold an open candle over one of the hours, of every timeframe', () => {
    const files = [
      candleFile('minute', { from: 5 * HOUR + 59 }),
      candleFile('minute before', { from: 5 * HOUR - 1 }),
      candleFile('minute after', { from: 6 * HOUR }),
      candleFile('hour', { timeframe: 'h1', from: 5 * HOUR }),
      candleFile('three hours', { timeframe: 'h3', from: 3 * HOUR }),
      candleFile('four hours', { timeframe: 'h4', from: 4 * HOUR }),
      candleFile('four hours after', { timeframe: 'h4', from: 8 * HOUR }),
      candleFile('day', { timeframe: 'D1', from: 0 }),
      candleFile('day after', { timeframe: 'D1', from: 24 * HOUR }),
      candleFile('week', { timeframe: 'W1', from: -72 * HOUR }),
      candleFile('month', { timeframe: 'M1', from: 0 }),
    ]
    expect(within(files, 5, 6)).toEqual([
      'minute',
      'hour',
      'three hours',
      'four hours',
      'day',
      'week',
      'month',
    ])
  })

  test('takes none whose candles are all closed, and none of removed candles', () => {
    const files = [
      candleFile('closed', { from: 5 * HOUR, open: false }),
      candleFile('removed', { timeframe: 'removed_m1', from: 5 * HOUR }),
    ]
    expect(within(files, 5, 6)).toEqual([])
  })

  test('takes a file without bounds: it may hold anything', () => {
    const { lowerBounds: _lower, upperBounds: _upper, ...unknown } = candleFile('unknown', { from: 0 })
    expect(within([unknown], 5, 6)).toEqual(['unknown'])
  })

  test('takes nothing for no hour', () => {
    expect(mayCloseWithin([candleFile('a', {})], [])).toEqual([])
  })
})
