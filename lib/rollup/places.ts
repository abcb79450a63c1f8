import { UnsupportedTable } from '../iceberg/errors.ts'
import { currentSchema, currentSpec } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { partitionOf, sourceField } from '../iceberg/transforms.ts'
import type { CandleKey } from '../market/candle.ts'
import { rowTimeframesOf, startsOf } from '../tables/candleFiles.ts'
import { type FileWithRows, monthOf } from './storedCandles.ts'

/** Maps rows to places. Rows of one place may be stored in one file. */
export interface Places {
  of(row: CandleKey): string
  /** The place of all rows of a file; undefined where the rows have to be read to know it. */
  ofFile(file: FileWithRows['file']): string | undefined
}

/** One place for each timeframe and month: the original partitioning of the table. */
export const MONTHS: Places = {
  of: ({ timeframe, dateTimeUs }) => placeKey(timeframe, monthOf(dateTimeUs)),
  ofFile: file => {
    const timeframes = rowTimeframesOf(file)
    const { fromUs, toUs } = startsOf(file)
    const month = monthOf(fromUs)
    return timeframes.length === 1 && month === monthOf(toUs) ? placeKey(timeframes[0]!, month) : undefined
  },
}

/**
 * The places for the table's current partitioning: timeframe and month, divided by its further fields. Throws
 * `UnsupportedTable` where a field's column changes with a candle's revisions.
 */
export function placesOf(candles: Table): Places {
  const schema = currentSchema(candles)
  const further = currentSpec(candles).fields.flatMap(field => {
    const { transform } = field
    const column = sourceField(schema, field)?.name
    const value = VALUES[column ?? '']
    if (value === undefined) throw partitionedByOthers(candles, field.name)
    const isKnown =
      (column === 'timeframe' && transform === 'identity') ||
      (column === 'date_time' && (transform === 'month' || transform === 'year'))
    return isKnown || transform === 'void' ? [] : [(row: CandleKey) => partitionOf(transform, value(row))]
  })
  if (further.length === 0) return MONTHS
  return {
    of: row => [MONTHS.of(row), ...further.map(partition => String(partition(row)))].join('/'),
    ofFile: () => undefined,
  }
}

const VALUES: Readonly<Record<string, (row: CandleKey) => string | number>> = {
  source: row => row.source,
  symbol: row => row.symbol,
  timeframe: row => row.timeframe,
  date_time: row => row.dateTimeUs,
}

function partitionedByOthers({ ident }: Table, field: string): UnsupportedTable {
  const name = tableName(ident)
  return new UnsupportedTable(
    `${name} is partitioned by ${field}, which changes with a candle's revisions; partition it only by source, symbol, timeframe and ` +
      `date_time. To undo it, in Trino: ALTER TABLE ${name} SET PROPERTIES partitioning = ARRAY['timeframe', 'month(date_time)']`,
  )
}

function placeKey(timeframe: string, month: number): string {
  return `${timeframe}/${month}`
}
