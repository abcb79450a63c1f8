import type { ColumnValue, PartitionSpec } from '../iceberg/schema.ts'
import type { TableIdent } from '../iceberg/table.ts'
import type { Candle } from '../market/candle.ts'
import { CANDLES_SCHEMA } from './candlesSchema.ts'
import { COMMON_PROPERTIES, fieldNamed, NAMESPACE } from './layout.ts'

export { CANDLES_SCHEMA } from './candlesSchema.ts'

export const CANDLES_TABLE: TableIdent = { namespace: NAMESPACE, name: 'candles' }

/**
 * Rows of a row group. In a file that is sorted by symbol, a reader of one symbol reads one or two row groups. Groups of this
 * size make a file a tenth larger than a single group does.
 */
export const CANDLE_ROW_GROUP_ROWS = 5_000

/** Columns that files are chosen by. */
export const CANDLE_FIELDS = {
  source: fieldNamed(CANDLES_SCHEMA, 'source'),
  symbol: fieldNamed(CANDLES_SCHEMA, 'symbol'),
  timeframe: fieldNamed(CANDLES_SCHEMA, 'timeframe'),
  dateTime: fieldNamed(CANDLES_SCHEMA, 'date_time'),
  closed: fieldNamed(CANDLES_SCHEMA, 'closed'),
  revision: fieldNamed(CANDLES_SCHEMA, 'revision'),
  updatedAt: fieldNamed(CANDLES_SCHEMA, 'updated_at'),
}

const CANDLES_SPEC: PartitionSpec = {
  specId: 0,
  fields: [
    { sourceId: CANDLE_FIELDS.timeframe.id, fieldId: 1000, name: 'timeframe', transform: 'identity' },
    { sourceId: CANDLE_FIELDS.dateTime.id, fieldId: 1001, name: 'date_time_month', transform: 'month' },
  ],
}

/** Which of a tick's prices candles are made of. */
export type Price = 'mid' | 'bid' | 'ask'
export const PRICE_PROPERTY = 'tickhouse.price'

/** How the table begins. */
export function candlesDefinition(price: Price) {
  return {
    schema: CANDLES_SCHEMA,
    spec: CANDLES_SPEC,
    properties: { ...COMMON_PROPERTIES, [PRICE_PROPERTY]: price },
  }
}

/** Rows to columns, in the table's types. */
export function candleColumns(candles: readonly Candle[]): Record<string, ColumnValue[]> {
  const column = (value: (candle: Candle) => ColumnValue) => candles.map(value)
  return {
    source: column(c => c.source),
    symbol: column(c => c.symbol),
    timeframe: column(c => c.timeframe),
    date_time: column(c => c.dateTimeUs),
    open: column(c => c.open),
    high: column(c => c.high),
    low: column(c => c.low),
    close: column(c => c.close),
    volume: column(c => c.volume),
    closed: column(c => c.closed),
    revision: column(c => c.revision),
    updated_at: column(c => c.updatedAtUs),
  }
}

/** The inverse of `candleColumns`, from what `readRows` gives. */
export function candleRows(columns: Readonly<Record<string, unknown[]>>): Candle[] {
  const strings = (name: string) => columns[name] as string[]
  const numbers = (name: string) => columns[name] as number[]
  const source = strings('source')
  const symbol = strings('symbol')
  const timeframe = strings('timeframe')
  const dateTimeUs = numbers('date_time')
  const open = numbers('open')
  const high = numbers('high')
  const low = numbers('low')
  const close = numbers('close')
  const volume = columns.volume as bigint[]
  const closed = columns.closed as boolean[]
  const revision = numbers('revision')
  const updatedAtUs = numbers('updated_at')
  return source.map((_, i) => ({
    source: source[i]!,
    symbol: symbol[i]!,
    timeframe: timeframe[i]!,
    dateTimeUs: dateTimeUs[i]!,
    open: open[i]!,
    high: high[i]!,
    low: low[i]!,
    close: close[i]!,
    volume: Number(volume[i]!),
    closed: closed[i]!,
    revision: revision[i]!,
    updatedAtUs: updatedAtUs[i]!,
  }))
}
