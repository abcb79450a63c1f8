import type { Field, Schema } from '../iceberg/schema.ts'

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
