import type { Field, Schema } from '../iceberg/schema.ts'

const field = (id: number, name: string, type: Field['type'], required: boolean): Field => ({
  id,
  name,
  type,
  required,
})

/** `market_data.stock_ticks`: one row a good tick, append only. Times are microseconds UTC; `extra` is JSON. */
export const TICKS_SCHEMA: Schema = {
  schemaId: 0,
  fields: [
    field(1, 'source', 'string', true),
    field(2, 'symbol', 'string', true),
    field(3, 'ask', 'double', true),
    field(4, 'bid', 'double', true),
    field(5, 'mid', 'double', true),
    field(6, 'ask_markup', 'double', false),
    field(7, 'bid_markup', 'double', false),
    field(8, 'is_tradable', 'boolean', false),
    field(9, 'number', 'long', true),
    field(10, 'date_time', 'timestamptz', true),
    field(11, 'receive_date_time', 'timestamptz', false),
    field(12, 'extra', 'string', false),
    field(13, 'kafka_epoch', 'int', true),
    field(14, 'kafka_partition', 'int', true),
    field(15, 'kafka_offset', 'long', true),
    field(16, 'kafka_timestamp', 'timestamptz', true),
  ],
}
