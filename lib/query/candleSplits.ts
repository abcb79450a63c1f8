import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { defined } from '../iceberg/defined.ts'
import { type ColumnRanges, overlaps } from '../iceberg/manifest/prune.ts'
import { planFiles } from '../iceberg/plan.ts'
import type { RowGroup } from '../iceberg/rowGroups.ts'
import type { Field } from '../iceberg/schema.ts'
import type { Table } from '../iceberg/table.ts'
import type { TimeRange } from '../market/range.ts'
import { type Micros, NEWEST_US, OLDEST_US } from '../market/time.ts'
import { bucketEnd, timeframeOf } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'
import type { CandleStretch } from './candleArchive.ts'

/** Rows of a file that are read in one step: all of them, or those of one row group. */
export interface Split {
  readonly file: LiveFile
  readonly group: RowGroup | undefined
  /** True for a large file, unless its manifest says that it is one row group: its row groups are read instead. */
  readonly hasGroups: boolean
  readonly rowCount: number
  /** The range of each column's values, by name; a column without one may hold anything. */
  readonly ranges: ColumnRanges
  /** The earliest and the latest start that a candle in it can have, both included. */
  readonly firstUs: Micros
  readonly lastUs: Micros
}

/** The table's files that may hold candles of the timeframe. A file of at most `wholeBytes` is read as a whole. */
export async function splitsOf(
  store: ObjectStore,
  candles: Table,
  timeframe: string,
  wholeBytes: number,
): Promise<Split[]> {
  const within = { timeframe: { from: timeframe, to: timeframe } }
  return (await planFiles(store, candles, { within })).map(file => splitOfFile(file, wholeBytes))
}

function splitOfFile(file: LiveFile, wholeBytes: number): Split {
  const rangeOf = (field: Field) => defined({ from: lowerBound(file, field), to: upperBound(file, field) })
  const { source, symbol, timeframe, dateTime } = CANDLE_FIELDS
  const ranges = Object.fromEntries(
    [source, symbol, timeframe, dateTime].map(field => [field.name, rangeOf(field)]),
  )
  const hasGroups = file.fileSizeBytes > wholeBytes && file.splitOffsets?.length !== 1
  return { file, group: undefined, hasGroups, rowCount: file.recordCount, ranges, ...startsIn(ranges) }
}

export function splitOfGroup(file: LiveFile, group: RowGroup): Split {
  const { ranges, rowCount } = group
  return { file, group, hasGroups: false, rowCount, ranges, ...startsIn(ranges) }
}

function startsIn(ranges: ColumnRanges) {
  const { from = OLDEST_US, to = NEWEST_US } = ranges.date_time ?? {}
  return { firstUs: Math.max(Number(from), OLDEST_US), lastUs: Math.min(Number(to), NEWEST_US) }
}

/** False when no candle of the split lies in the stretch. */
export function mayHold(
  { ranges, firstUs, lastUs }: Split,
  { source, symbol, timeframe, fromUs, toUs }: CandleStretch,
): boolean {
  if (firstUs >= toUs || lastUs < fromUs) return false
  return Object.entries({ source, symbol, timeframe }).every(([name, value]) =>
    overlaps(ranges[name] ?? {}, { from: value, to: value }),
  )
}

/** False when no candle of the split overlaps one of the months. A week that begins in the month before does overlap. */
export function mayBegin(
  { firstUs, lastUs }: Split,
  timeframe: string,
  months: readonly TimeRange[],
): boolean {
  const endUs = bucketEnd(timeframeOf(timeframe), lastUs)
  return months.some(({ fromUs, toUs }) => firstUs < toUs && endUs > fromUs)
}

/** True when all rows of the split have the same source and symbol. */
export function isOfOneSymbol({ ranges }: Split): boolean {
  return [ranges.source, ranges.symbol].every(range => range?.from !== undefined && range.from === range.to)
}
