import type { ColumnValue, Field, PartitionSpec, Schema } from '../iceberg/schema.ts'
import type { TableIdent } from '../iceberg/table.ts'
import type { Candle } from '../market/candle.ts'
import { COMMON_PROPERTIES, fieldNamed, NAMESPACE } from './layout.ts'

export const CANDLES_TABLE: TableIdent = { namespace: NAMESPACE, name: 'candles' }

const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, type, required: true })

/** `market_data.candles`: one row a candle; `date_time` is the bucket's start, times are microseconds UTC. */
export const CANDLES_SCHEMA: Schema = {
  schemaId: 0,
  fields: [
    field(1, 'source', 'string'),
    field(2, 'symbol', 'string'),
    field(3, 'timeframe', 'string'),
    field(4, 'date_time', 'timestamptz'),
    field(5, 'open', 'double'),
    field(6, 'high', 'double'),
    field(7, 'low', 'double'),
    field(8, 'close', 'double'),
    field(9, 'volume', 'long'),
    field(10, 'closed', 'boolean'),
    field(11, 'revision', 'int'),
    field(12, 'updated_at', 'timestamptz'),
  ],
}

/** Columns that files are chosen by. */
export const CANDLE_FIELDS = {
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

/** The inverse of `candleColumns`, from what `decodeParquet` gives. */
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
