import { type DataFile, type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { decodeParquet } from '../iceberg/parquet.ts'
import { ParsedFiles, perStore } from '../iceberg/parsedFiles.ts'
import { partitionOf } from '../iceberg/transforms.ts'
import { mapBounded } from '../mapBounded.ts'
import type { Candle } from '../market/candle.ts'
import { overlaps, type TimeRange } from '../market/range.ts'
import { type Reach, type RowsFor, rowsFor } from '../market/refold.ts'
import { MINUTE_US, type Micros } from '../market/time.ts'
import { bucketEnd, TIMEFRAMES, timeframeOfRemoved } from '../market/timeframe.ts'
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

/** The data files that a change of candles has to do with; no file is in both. */
export interface TouchedFiles {
  /** They may hold a row that changes, or are small and lie beside it. */
  readonly changing: readonly LiveFile[]
  /** They may hold a row that a changing candle is put together from. */
  readonly reading: readonly LiveFile[]
}

/** Chooses the files for some rows. What the manifests do not say of a file, it may hold. */
export function touchedFiles(files: readonly LiveFile[], rows: RowsFor): TouchedFiles {
  const changing: LiveFile[] = []
  const reading: LiveFile[] = []
  for (const file of files) {
    const { timeframe, isRemoved } = timeframeOf(file)
    const buckets = rows.changing.get(timeframe) ?? []
    if (mayHold(file, buckets) || (isSmall(file) && isBeside(file, buckets))) changing.push(file)
    else if (!isRemoved && mayHold(file, rows.reading.get(timeframe) ?? [])) reading.push(file)
  }
  return { changing, reading }
}

/** A live round of more stored rows than this reads those alone that it cannot do without. */
const MANY_ROWS = 150_000

/**
 * What a live round reads of the stored candles. The whole reach heals what is wrong in the stored coarser ones; with many
 * symbols there is no time for it.
 */
export function liveReach(files: readonly LiveFile[], minutes: readonly TimeRange[]): Reach {
  const { changing, reading } = touchedFiles(files, rowsFor(minutes))
  return rowsIn(changing) + rowsIn(reading) > MANY_ROWS ? 'later' : 'whole'
}

/** The timeframe of the candles that a file's rows are, or stand for. */
function timeframeOf(file: LiveFile): { timeframe: string; isRemoved: boolean } {
  const name = String(file.partition.timeframe)
  const removed = timeframeOfRemoved(name)
  return { timeframe: removed ?? name, isRemoved: removed !== undefined }
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

/** True unless the bounds say that no row's bucket begins within the ranges. */
export function mayHold(file: LiveFile, buckets: readonly TimeRange[]): boolean {
  const first = lowerBound(file, CANDLE_FIELDS.dateTime) ?? Number.NEGATIVE_INFINITY
  const last = upperBound(file, CANDLE_FIELDS.dateTime) ?? Number.POSITIVE_INFINITY
  return overlaps(buckets, Number(first), Number(last) + 1)
}

/** Where the buckets of a file's rows begin, up to the end of the last one's first minute; without bounds, its month. */
export function bucketsOf(file: LiveFile): TimeRange {
  const month = Number(file.partition.date_time_month)
  const firstUs = lowerBound(file, CANDLE_FIELDS.dateTime) ?? monthStart(month)
  const lastUs = upperBound(file, CANDLE_FIELDS.dateTime) ?? monthStart(month + 1) - MINUTE_US
  return { fromUs: Number(firstUs), toUs: Number(lastUs) + MINUTE_US }
}

/** What the last bucket of a file's rows has behind the end of `bucketsOf`: nothing but for coarser candles. */
export function restOfLastBucket(file: LiveFile): TimeRange {
  const { toUs } = bucketsOf(file)
  const timeframe = TIMEFRAMES.find(({ name }) => name === timeframeOf(file).timeframe)
  return { fromUs: toUs, toUs: timeframe === undefined ? toUs : bucketEnd(timeframe, toUs - MINUTE_US) }
}

/** Of a month since January 1970. */
function monthStart(month: number): Micros {
  return Date.UTC(1970, month) * 1000
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

/** Rows that one process keeps: some 60 MB. What a minute reads, the next one reads again. */
const MAX_ROWS = 250_000

const rowsOf = perStore(() => new ParsedFiles<readonly Candle[]>(MAX_ROWS, ({ length }) => length + 1))

/** The files with their rows; those that are read minute by minute are remembered. */
export function readMinuteByMinute(store: ObjectStore, files: readonly LiveFile[]): Promise<FileWithRows[]> {
  return mapBounded(files, FILES_AT_ONCE, async file => {
    return { file, rows: await rowsOf(store).getOr(file.path, () => readCandles(store, file)) }
  })
}

/** The files with their rows; nothing is remembered of those that are read once. */
export function readOnce(store: ObjectStore, files: readonly LiveFile[]): Promise<FileWithRows[]> {
  return mapBounded(files, FILES_AT_ONCE, async file => {
    return { file, rows: rowsOf(store).get(file.path) ?? (await readCandles(store, file)) }
  })
}

/** The rows of one of the table's files. */
export async function readCandles(store: ObjectStore, file: Pick<DataFile, 'path'>): Promise<Candle[]> {
  return candleRows(await decodeParquet(await store.read(file.path), CANDLES_SCHEMA))
}
