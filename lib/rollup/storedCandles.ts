import { type LiveFile, lowerBound } from '../iceberg/dataFile.ts'
import { type FileOfRows, versionOf } from '../iceberg/deletes/deletedRows.ts'
import { ParsedFiles, perStore } from '../iceberg/parsedFiles.ts'
import { readRows } from '../iceberg/readRows.ts'
import { partitionOf } from '../iceberg/transforms.ts'
import { mapBounded } from '../mapBounded.ts'
import type { Candle } from '../market/candle.ts'
import { overlaps, type TimeRange } from '../market/range.ts'
import { type Reach, type RowsFor, rowsFor } from '../market/refold.ts'
import { MINUTE_US } from '../market/time.ts'
import { bucketEnd, TIMEFRAMES, timeframeOfRemoved } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { rowTimeframesOf, type SomeSymbols, startsOf } from '../tables/candleFiles.ts'
import { CANDLE_FIELDS, CANDLES_SCHEMA, candleRows } from '../tables/candlesTable.ts'

/** A data file of the candles table with its rows. For a settled file, rows that do not matter may be left out. */
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

/** Chooses the files that may hold some rows, by default of all symbols. A file without bounds may hold any. */
export function touchedFiles(files: readonly LiveFile[], rows: RowsFor, symbols?: SomeSymbols): TouchedFiles {
  const changing: LiveFile[] = []
  const reading: LiveFile[] = []
  for (const file of files) {
    const timeframes = rowTimeframesOf(file)
    const isTheirs = symbols?.mayBeIn(file) ?? true
    const changes = (name: string) => {
      const buckets = rows.changing.get(timeframeOfRemoved(name) ?? name) ?? []
      return (isTheirs && mayHold(file, buckets)) || (isSmall(file) && isBeside(file, buckets))
    }
    const isRead = (name: string) => isTheirs && mayHold(file, rows.reading.get(name) ?? [])
    if (timeframes.some(changes)) changing.push(file)
    else if (timeframes.some(isRead)) reading.push(file)
  }
  return { changing, reading }
}

/** True for a file that is touched only as it is small: none of the rows lies in it. */
export function isMerelyBeside(
  file: LiveFile,
  { changing, reading }: RowsFor,
  symbols?: SomeSymbols,
): boolean {
  if (symbols?.mayBeIn(file) === false) return true
  return !rowTimeframesOf(file).some(name => {
    const buckets = changing.get(timeframeOfRemoved(name) ?? name) ?? []
    return mayHold(file, buckets) || mayHold(file, reading.get(name) ?? [])
  })
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

/** How many rows the files have together. */
export function rowsIn(files: readonly LiveFile[]): number {
  return files.reduce((sum, { recordCount }) => sum + recordCount, 0)
}

/** True for a file that is rewritten together with what is new beside it. */
export function isSmall(file: LiveFile): boolean {
  return file.recordCount < SMALL_FILE_ROWS
}

/** True for a large file of closed candles: only late ticks change its rows. */
export function isSettled(file: LiveFile): boolean {
  return !isSmall(file) && !mayBeOpen(file)
}

/** True unless the manifest says that all candles of the file are closed. */
export function mayBeOpen(file: LiveFile): boolean {
  return lowerBound(file, CANDLE_FIELDS.closed) !== true
}

/** True unless the bounds say that no row's bucket begins within the ranges. */
export function mayHold(file: LiveFile, buckets: readonly TimeRange[]): boolean {
  const { fromUs, toUs } = startsOf(file)
  return overlaps(buckets, fromUs, toUs + 1)
}

/** From the first bucket start of a file's rows to one minute after the last bucket start. */
export function bucketsOf(file: LiveFile): TimeRange {
  const { fromUs, toUs } = startsOf(file)
  return { fromUs, toUs: toUs + MINUTE_US }
}

/** What the last bucket of a file's rows has behind the end of `bucketsOf`: nothing but for coarser candles. */
export function restOfLastBucket(file: LiveFile): TimeRange {
  const { toUs } = startsOf(file)
  const names = rowTimeframesOf(file).map(name => timeframeOfRemoved(name) ?? name)
  const ends = TIMEFRAMES.filter(({ name }) => names.includes(name)).map(timeframe =>
    bucketEnd(timeframe, toUs),
  )
  return { fromUs: toUs + MINUTE_US, toUs: Math.max(toUs + MINUTE_US, ...ends) }
}

/** True when the file has rows in the month of one of the buckets. */
function isBeside(file: LiveFile, buckets: readonly TimeRange[]): boolean {
  const starts = startsOf(file)
  const [first, last] = [monthOf(starts.fromUs), monthOf(starts.toUs)]
  return buckets.some(({ fromUs, toUs }) => last >= monthOf(fromUs) && first <= monthOf(toUs - 1))
}

/** Months since January 1970: with the timeframe, the original partition of a candle. */
export function monthOf(timeUs: number): number {
  return Number(partitionOf('month', timeUs))
}

/** Rows that one process keeps: some 60 MB. What a minute reads, the next one reads again. */
const MAX_ROWS = 250_000

const rowsOf = perStore(() => new ParsedFiles<readonly Candle[]>(MAX_ROWS, ({ length }) => length + 1))

/** The files with their rows; those that are read minute by minute are remembered. `schema` is the table's. */
export function readMinuteByMinute(store: ObjectStore, files: readonly LiveFile[]): Promise<FileWithRows[]> {
  return mapBounded(files, FILES_AT_ONCE, async file => {
    return { file, rows: await rowsOf(store).getOr(versionOf(file), () => readCandles(store, file)) }
  })
}

/**
 * Reads files with their rows, without keeping them for later rounds. Of settled files it returns only the wanted rows: there may
 * be many such files, and few rows of each matter.
 */
export function readOnce(
  store: ObjectStore,
  files: readonly LiveFile[],
  isWanted: (row: Candle) => boolean = () => true,
): Promise<FileWithRows[]> {
  return mapBounded(files, FILES_AT_ONCE, async file => {
    const rows = rowsOf(store).get(versionOf(file)) ?? (await readCandles(store, file))
    return { file, rows: isSettled(file) ? rows.filter(isWanted) : rows }
  })
}

/** The rows of one of the table's files. */
export async function readCandles(store: ObjectStore, file: FileOfRows): Promise<Candle[]> {
  return candleRows(await readRows(store, file, CANDLES_SCHEMA))
}
