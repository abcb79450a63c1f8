import type { LiveFile } from '../iceberg/dataFile.ts'
import { growToBuckets, type TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import { rowTimeframesOf, startsOf } from '../tables/candleFiles.ts'
import { mayBeOpen, mayHold } from './storedCandles.ts'

/** Which files a round reads to close candles, and the moment up to which it closes them. */
export interface Closing {
  readonly files: readonly LiveFile[]
  readonly untilUs: Micros
}

/**
 * The files that may hold open candles which end after `closedUntilUs` and by `dueUs`: the earliest first, about `maxRows`
 * rows. Where that is not all, candles close up to the end of the first one left out.
 */
export function chooseClosing(
  files: readonly LiveFile[],
  closedUntilUs: Micros,
  dueUs: Micros,
  maxRows: number,
): Closing {
  if (dueUs <= closedUntilUs) return { files: [], untilUs: closedUntilUs }
  const due = files
    .map(file => ({ file, endUs: firstEnd(file, closedUntilUs, dueUs) }))
    .filter(({ endUs }) => endUs <= dueUs)
    .sort((a, b) => a.endUs - b.endUs)
  let rows = 0
  let groupEndUs = Number.NEGATIVE_INFINITY
  for (const [i, { file, endUs }] of due.entries()) {
    // What ends at the same moment closes together, however much it is: else nothing would ever close.
    if (endUs > groupEndUs && rows >= Math.max(maxRows, 1)) {
      return { files: due.slice(0, i).map(({ file }) => file), untilUs: endUs - 1 }
    }
    groupEndUs = endUs
    rows += file.recordCount
  }
  return { files: due.map(({ file }) => file), untilUs: dueUs }
}

/** The earliest moment after `closedUntilUs` at which an open candle of the file may end; infinite when none does by `dueUs`. */
function firstEnd(file: LiveFile, closedUntilUs: Micros, dueUs: Micros): Micros {
  if (!mayBeOpen(file)) return Number.POSITIVE_INFINITY
  const ends = timeframesOf(file).map(timeframe => {
    const firstStartUs = bucketStart(timeframe, closedUntilUs)
    const buckets = [{ fromUs: firstStartUs, toUs: bucketStart(timeframe, dueUs) }]
    if (!mayHold(file, buckets)) return Number.POSITIVE_INFINITY
    return bucketEnd(timeframe, Math.max(startsOf(file).fromUs, firstStartUs))
  })
  return Math.min(Number.POSITIVE_INFINITY, ...ends)
}

/** Timeframes that candles of the file may have. */
function timeframesOf(file: LiveFile): Timeframe[] {
  const names = rowTimeframesOf(file)
  return TIMEFRAMES.filter(({ name }) => names.includes(name))
}

/** The files that may hold open candles whose bucket shares a moment with one of the ranges. */
export function mayCloseWithin(files: readonly LiveFile[], ranges: readonly TimeRange[]): LiveFile[] {
  if (ranges.length === 0) return []
  const buckets = new Map(
    TIMEFRAMES.map(timeframe => [timeframe.name as string, growToBuckets(timeframe, ranges)]),
  )
  return files.filter(file => {
    return mayBeOpen(file) && rowTimeframesOf(file).some(name => mayHold(file, buckets.get(name) ?? []))
  })
}
