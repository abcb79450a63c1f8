import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { HourSet } from '../market/hours.ts'
import { clipRanges, mergeRanges, type TimeRange } from '../market/range.ts'
import type { ObjectStore } from '../ports.ts'
import { rowTimeframesOf } from '../tables/candleFiles.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { bucketsOf, restOfLastBucket } from './storedCandles.ts'

/** All of time. */
export const EVER: TimeRange = { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER }

/** Hours of the stretches that may have ticks or candles, by the bounds of their data files. */
export async function hoursWithRows(
  store: ObjectStore,
  { ticks, candles }: Pick<RollupInputs, 'ticks' | 'candles'>,
  ranges: readonly TimeRange[],
): Promise<HourSet> {
  const stretches: TimeRange[] = []
  const add = (file: TimeRange) => {
    for (const range of clipRanges(ranges, file)) stretches.push(range)
  }
  for await (const files of scanFiles(store, ticks)) for (const file of files) add(rangeOf(file))
  for await (const files of scanFiles(store, candles)) {
    for (const file of files) {
      add(bucketsOf(file))
      // A stretch may have a coarser candle only. One hour of its bucket is enough to recompute it.
      const [rest] = clipRanges(mergeRanges(ranges), restOfLastBucket(file))
      if (rest !== undefined) stretches.push({ fromUs: rest.fromUs, toUs: rest.fromUs + 1 })
    }
  }
  return HourSet.touching(mergeRanges(stretches))
}

/** The hours between the first and the last minute of which each file of m1 candles may have one. */
export async function hoursWithMinutes(store: ObjectStore, candles: Table): Promise<HourSet> {
  const stretches: TimeRange[] = []
  for await (const files of scanFiles(store, candles)) {
    for (const file of files) if (rowTimeframesOf(file).includes('m1')) stretches.push(bucketsOf(file))
  }
  return HourSet.touching(mergeRanges(stretches))
}
