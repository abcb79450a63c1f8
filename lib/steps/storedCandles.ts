import { type DataFile, type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { decodeParquet } from '../iceberg/parquet.ts'
import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { partitionOf } from '../iceberg/transforms.ts'
import type { Candle } from '../market/candle.ts'
import { growToBuckets, overlaps, type TimeRange } from '../market/range.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import { CANDLE_FIELDS, CANDLES_SCHEMA, candleRows } from '../tables/candlesTable.ts'
import type { Services } from './services.ts'

/** A data file of the candles table with its rows. */
export interface StoredFile {
  readonly file: LiveFile
  readonly rows: readonly Candle[]
}

/** Files with fewer rows are rewritten together with what is new in their partition, so that there are few of them. */
export const SMALL_FILE_ROWS = 2_000

/**
 * The files that may hold a candle of the touched minutes, or an open one when candles are to be closed, and the
 * small ones beside them. What the manifests do not say of a file, it may hold.
 */
export async function readStored(
  store: Services['store'],
  candles: Table,
  minutes: readonly TimeRange[],
  closing: boolean,
): Promise<StoredFile[]> {
  const touched = new Map<unknown, TimeRange[]>(
    TIMEFRAMES.map(timeframe => [timeframe.name, growToBuckets(timeframe, minutes)]),
  )
  const keep = (file: LiveFile) => {
    const buckets = touched.get(file.partition.timeframe) ?? []
    return (
      mayHold(file, buckets) || (closing && mayBeOpen(file)) || (isSmall(file) && isBeside(file, buckets))
    )
  }
  const files = await planFiles(store, candles, { keep })
  return Promise.all(files.map(async file => ({ file, rows: await readCandles(store, file) })))
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

/** The rows of one of the table's files. */
export async function readCandles(store: Services['store'], file: DataFile): Promise<Candle[]> {
  return candleRows(await decodeParquet(await store.read(file.path), CANDLES_SCHEMA))
}
