import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { compareText } from '../iceberg/text.ts'
import type { TimeRange } from '../market/range.ts'
import { NEWEST_US, OLDEST_US } from '../market/time.ts'
import { removedTimeframe, TIMEFRAMES } from '../market/timeframe.ts'
import { CANDLE_FIELDS } from './candlesTable.ts'

const NAMES = TIMEFRAMES.flatMap(({ name }) => [name, removedTimeframe(name)])

/** Timeframes that a file's rows may have, those of removed candles too. In the original partitioning it is one. */
export function rowTimeframesOf(file: DataFile): readonly string[] {
  const low = lowerBound(file, CANDLE_FIELDS.timeframe)
  const high = upperBound(file, CANDLE_FIELDS.timeframe)
  if (low !== undefined && low === high) return [String(low)]
  return NAMES.filter(
    name =>
      (low === undefined || compareText(String(low), name) <= 0) &&
      (high === undefined || compareText(String(high), name) >= 0),
  )
}

/** The first and the last bucket start of a file's rows, both included; all time without bounds. */
export function startsOf(file: DataFile): TimeRange {
  return {
    fromUs: Number(lowerBound(file, CANDLE_FIELDS.dateTime) ?? OLDEST_US),
    toUs: Number(upperBound(file, CANDLE_FIELDS.dateTime) ?? NEWEST_US),
  }
}
