import { type DataFile, type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { decodeParquet } from '../iceberg/parquet.ts'
import { ParsedFiles, perStore } from '../iceberg/parsedFiles.ts'
import { partitionOf } from '../iceberg/transforms.ts'
import { mapBounded } from '../mapBounded.ts'
import type { Candle } from '../market/candle.ts'
import { growToBuckets, overlaps, type TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import { bucketEnd, TIMEFRAMES, timeframeOf } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { CANDLE_FIELDS, CANDLES_SCHEMA, candleRows } from '../tables/candlesTable.ts'

/** A data file of the candles table with its rows. */
export interface FileWithRows {
  readonly file: LiveFile
  readonly rows: readonly Candle[]
}

/** Files with fewer rows are rewritten together with what is new in their partition, so that there are few of them. */
export const SMALL_FILE_ROWS = 2_000

const FILES_AT_ONCE = 8

/**
 * The files that may hold a candle of the touched minutes, and the small ones beside them. What the manifests do not
 * say of a file, it may hold.
 */
export function mayHoldCandles(files: readonly LiveFile[], minutes: readonly TimeRange[]): LiveFile[] {
  if (minutes.length === 0) return []
  const touched = new Map<unknown, TimeRange[]>(
    TIMEFRAMES.map(timeframe => [timeframe.name, growToBuckets(timeframe, minutes)]),
  )
  return files.filter(file => {
    const buckets = touched.get(file.partition.timeframe) ?? []
    return mayHold(file, buckets) || (isSmall(file) && isBeside(file, buckets))
  })
}

/** Which files a round reads to close candles, and the moment up to which it closes them. */
export interface Closing {
  readonly files: readonly LiveFile[]
  readonly untilUs: Micros
}

/**
 * The files whose open candles end by the due moment: the earliest ones first, about `maxRows` rows. Where that is not
 * all, candles close up to the end of the first one left out. Small files that may hold anything do not count.
 */
export function chooseClosing(
  files: readonly LiveFile[],
  closedUntilUs: Micros,
  dueUs: Micros,
  maxRows: number,
): Closing {
  if (dueUs <= closedUntilUs) return { files: [], untilUs: closedUntilUs }
  const due = files
    .filter(mayBeOpen)
    .map(file => ({ file, endUs: firstEnd(file) }))
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
    if (endUs > closedUntilUs) rows += file.recordCount
  }
  return { files: due.map(({ file }) => file), untilUs: dueUs }
}

/** The earliest moment at which a candle of the file may end. */
function firstEnd(file: LiveFile): Micros {
  const first = lowerBound(file, CANDLE_FIELDS.dateTime)
  if (first === undefined) return Number.NEGATIVE_INFINITY
  return bucketEnd(timeframeOf(String(file.partition.timeframe)), Number(first))
}

/** How many rows the files have together. */
export function rowsIn(files: readonly LiveFile[]): number {
  return files.reduce((sum, { recordCount }) => sum + recordCount, 0)
}

/** True for a file that is rewritten together with what is new beside it. */
export function isSmall(file: LiveFile): boolean {
  return file.recordCount < SMALL_FILE_ROWS
}

/** True unless the manifest says that all candles of the file are closed. */
export function mayBeOpen(file: LiveFile): boolean {
  return lowerBound(file, CANDLE_FIELDS.closed) !== true
}

function mayHold(file: LiveFile, buckets: readonly TimeRange[]): boolean {
  const first = lowerBound(file, CANDLE_FIELDS.dateTime) ?? Number.NEGATIVE_INFINITY
  const last = upperBound(file, CANDLE_FIELDS.dateTime) ?? Number.POSITIVE_INFINITY
  return overlaps(buckets, Number(first), Number(last) + 1)
}

/** True when the file lies in the partition of one of the buckets. */
function isBeside(file: LiveFile, buckets: readonly TimeRange[]): boolean {
  const month = Number(file.partition.date_time_month)
  return buckets.some(({ fromUs, toUs }) => month >= monthOf(fromUs) && month <= monthOf(toUs - 1))
}

/** Months since January 1970: the partition of a candle beside its timeframe. */
export function monthOf(timeUs: number): number {
  return Number(partitionOf('month', timeUs))
}

/** The files with their rows; small ones, which are read minute by minute, are remembered. */
export function readStored(store: ObjectStore, files: readonly LiveFile[]): Promise<FileWithRows[]> {
  return mapBounded(files, FILES_AT_ONCE, async file => {
    const read = () => readCandles(store, file)
    return { file, rows: await (isSmall(file) ? rowsOf(store).getOr(file.path, read) : read()) }
  })
}

/** Rows that one process keeps: some megabytes. */
const MAX_ROWS = 20_000

const rowsOf = perStore(() => new ParsedFiles<readonly Candle[]>(MAX_ROWS, ({ length }) => length + 1))

/** The rows of one of the table's files. */
export async function readCandles(store: ObjectStore, file: Pick<DataFile, 'path'>): Promise<Candle[]> {
  return candleRows(await decodeParquet(await store.read(file.path), CANDLES_SCHEMA))
}
