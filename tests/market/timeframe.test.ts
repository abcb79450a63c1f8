import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEWEST_US, OLDEST_US, parseDateTime } from '../../lib/market/time.ts'
import {
  bucketEnd,
  bucketStart,
  finerOf,
  removedTimeframe,
  TIMEFRAMES,
  timeframeOf,
  timeframeOfRemoved,
} from '../../lib/market/timeframe.ts'
import { foldTicks } from '../support/foldTicks.ts'

const at = (text: string) => parseDateTime(text)!

describe('bucketStart and bucketEnd', () => {
  test.each([
    ['m1', '2025-03-20T14:31:28', '2025-03-20T14:31:00', '2025-03-20T14:32:00'],
    ['m5', '2025-03-20T14:34:59.999999', '2025-03-20T14:30:00', '2025-03-20T14:35:00'],
    ['h3', '2025-03-20T14:31:28', '2025-03-20T12:00:00', '2025-03-20T15:00:00'],
    ['h4', '2025-03-20T15:59:59', '2025-03-20T12:00:00', '2025-03-20T16:00:00'],
    ['W1', '2025-01-01T00:00:00', '2024-12-30T00:00:00', '2025-01-06T00:00:00'],
    ['W1', '1970-01-01T00:00:00', '1969-12-29T00:00:00', '1970-01-05T00:00:00'],
    ['W1', '2021-01-03T23:59:59', '2020-12-28T00:00:00', '2021-01-04T00:00:00'],
    ['M1', '2024-02-29T12:00:00', '2024-02-01T00:00:00', '2024-03-01T00:00:00'],
    ['M1', '2024-12-31T23:59:59.999999', '2024-12-01T00:00:00', '2025-01-01T00:00:00'],
  ])('%s puts %s into [%s, %s)', (name, moment, start, end) => {
    const timeframe = timeframeOf(name)
    expect(bucketStart(timeframe, at(moment))).toBe(at(start))
    expect(bucketEnd(timeframe, at(start))).toBe(at(end))
  })

  test('agree with the oracle for every timeframe and moment from 1970 to 2250, on the edge and beside it', () => {
    const minutes = fc.integer({ min: 0, max: Date.UTC(2250, 0) / 60_000 })
    fc.assert(
      fc.property(minutes, fc.constantFrom(-1, 0, 1, 30_000_000), (minute, shiftUs) => {
        const timeUs = Math.max(0, minute * 60_000_000 + shiftUs)
        const tick = { source: 's', symbol: 'x', mid: 1, number: 1n, epoch: 0, partition: 0, offset: 0 }
        const oracle = [...foldTicks([{ ...tick, dateTimeUs: BigInt(timeUs) }]).values()]
        for (const timeframe of TIMEFRAMES) {
          const startUs = bucketStart(timeframe, timeUs)
          const expected = oracle.find(candle => candle.timeframe === timeframe.name)
          expect(new Date(startUs / 1000).toISOString()).toBe(expected?.start)
          expect(bucketEnd(timeframe, startUs)).toBeGreaterThan(timeUs)
          expect(bucketStart(timeframe, bucketEnd(timeframe, startUs))).toBe(bucketEnd(timeframe, startUs))
        }
      }),
    )
  })
})

describe('finerOf', () => {
  test('candles are put together from minutes up to the hour, from hours up to the day, from days above', () => {
    const finer = TIMEFRAMES.map(timeframe => [timeframe.name, finerOf(timeframe)?.name])
    expect(Object.fromEntries(finer)).toEqual({
      m1: undefined,
      m5: 'm1',
      m10: 'm1',
      m15: 'm1',
      m30: 'm1',
      h1: 'm1',
      h3: 'h1',
      h4: 'h1',
      D1: 'h1',
      W1: 'D1',
      M1: 'D1',
    })
  })

  test('every bucket of the years 1700 to 2249 is made of whole buckets of its finer timeframe', () => {
    fc.assert(
      fc.property(fc.integer({ min: OLDEST_US, max: NEWEST_US }), timeUs => {
        for (const timeframe of TIMEFRAMES) {
          const finer = finerOf(timeframe)
          if (finer === undefined) continue
          const startUs = bucketStart(timeframe, timeUs)
          const endUs = bucketEnd(timeframe, startUs)
          expect(bucketStart(finer, startUs)).toBe(startUs)
          expect(bucketStart(finer, endUs)).toBe(endUs)
          const partUs = bucketStart(finer, timeUs)
          expect(partUs).toBeGreaterThanOrEqual(startUs)
          expect(bucketEnd(finer, partUs)).toBeLessThanOrEqual(endUs)
        }
      }),
    )
  })

  test('a finer timeframe comes before those that are made of it, so that one pass puts all together', () => {
    for (const [i, timeframe] of TIMEFRAMES.entries()) {
      const finer = finerOf(timeframe)
      if (finer !== undefined) expect(TIMEFRAMES.findIndex(({ name }) => name === finer.name)).toBeLessThan(i)
    }
  })
})

describe('the timeframe of a removed candle', () => {
  test.each(TIMEFRAMES)('names $name, and is none of those that candles have', ({ name }) => {
    const removed = removedTimeframe(name)
    expect(timeframeOfRemoved(removed)).toBe(name)
    expect(timeframeOfRemoved(name)).toBeUndefined()
    expect(() => timeframeOf(removed)).toThrow(RangeError)
  })
})
