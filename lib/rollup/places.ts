import { UnsupportedTable } from '../iceberg/errors.ts'
import { currentSchema, currentSpec } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { partitionOf, sourceField } from '../iceberg/transforms.ts'
import type { CandleKey } from '../market/candle.ts'
import { rowTimeframesOf, startsOf } from '../tables/candleFiles.ts'
import { type FileWithRows, monthOf } from './storedCandles.ts'

/** Rows of one place lie in files together. */
export interface Places {
  of(row: CandleKey): string
  /** The one place that the rows of a file have; undefined where they must be looked at. */
  ofFile(file: FileWithRows['file']): string | undefined
}

/** A timeframe's candles of one month: how the table is partitioned at first. */
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
 * The same, divided further where the table is partitioned by more. Throws `UnsupportedTable` where it is by columns that
 * change with a candle's revisions.
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
    `${name} is partitioned by ${field}, which does not stay the same for one candle; only source, symbol, timeframe and ` +
      `date_time do. Set it back, in Trino ALTER TABLE ${name} SET PROPERTIES partitioning = ARRAY['timeframe', 'month(date_time)']`,
  )
}

function placeKey(timeframe: string, month: number): string {
  return `${timeframe}/${month}`
}
