import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketEnd as endUs, bucketStart as startUs, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { bucketEnd, bucketStart } from '../../page/timeframes.js'

test('buckets begin and end where those of the pipeline do, in every timeframe', () => {
  const timeMs = fc.integer({ min: Date.UTC(1970), max: Date.UTC(2100) })
  fc.assert(
    fc.property(timeMs, fc.constantFrom(...TIMEFRAMES), (ms, timeframe) => {
      const start = bucketStart(ms, timeframe.name)
      expect(start).toBe(startUs(timeframe, ms * 1000) / 1000)
      expect(bucketEnd(start, timeframe.name)).toBe(endUs(timeframe, start * 1000) / 1000)
    }),
  )
})
