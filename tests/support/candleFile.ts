import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { monthOf } from '../../lib/rollup/storedCandles.ts'
import { CANDLE_FIELDS } from '../../lib/tables/candlesTable.ts'

const MINUTE_US = 60_000_000

interface Contents {
  readonly timeframe?: string
  /** The first and the last bucket, minutes since 1970. */
  readonly from?: number
  readonly to?: number
  readonly rows?: number
  /** Whether a candle of it may be open. */
  readonly open?: boolean
  /** The first and the last symbol; without bounds by default. */
  readonly symbols?: readonly [string, string]
}

/** A file of candles as the table's manifests describe it. */
export function candleFile(path: string, contents: Contents): LiveFile {
  const { timeframe = 'm1', from = 0, to = from, rows = 100, open = true, symbols } = contents
  const bounds = (minute: number, closed: boolean, symbol?: string) => {
    const known = new Map([
      [CANDLE_FIELDS.dateTime.id, encodeBound('timestamptz', minute * MINUTE_US)],
      [CANDLE_FIELDS.timeframe.id, encodeBound('string', timeframe)],
      [CANDLE_FIELDS.closed.id, encodeBound('boolean', closed)],
    ])
    if (symbol !== undefined) known.set(CANDLE_FIELDS.symbol.id, encodeBound('string', symbol))
    return known
  }
  return {
    path,
    format: 'PARQUET',
    specId: 0,
    partition: { timeframe, date_time_month: monthOf(from * MINUTE_US) },
    recordCount: rows,
    fileSizeBytes: 1,
    lowerBounds: bounds(from, !open, symbols?.[0]),
    upperBounds: bounds(to, true, symbols?.[1]),
    snapshotId: 1n,
    sequenceNumber: 1,
    fileSequenceNumber: 1,
  }
}
