import { decodeParquet, encodeParquet } from '../../lib/iceberg/parquet.ts'
import type { Tick } from '../../lib/market/tick.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { TICKS_SCHEMA } from '../../lib/tables/ticksTable.ts'
import { tickColumns } from '../support/tickColumns.ts'
import { type Printed, RECORD_MS, type Row } from './case.ts'

const OWN_FIELDS = TICKS_SCHEMA.fields.filter(({ name }) => !name.startsWith('kafka_'))

/** Ticks, written to a file of the table and read back, as rows. */
export async function throughParquet(ticks: readonly Tick[]): Promise<Row[]> {
  const rows = ticks.map((tick, offset) => ({ tick, partition: 0, offset, timestampMs: RECORD_MS }))
  const { bytes } = encodeParquet(TICKS_SCHEMA, tickColumns(rows), rows.length)
  const columns = await decodeParquet(bytes, TICKS_SCHEMA)
  return ticks.map((_, i) => {
    const row = OWN_FIELDS.map(({ name, type }) => [name, printed(type, columns[name]?.[i])])
    return Object.fromEntries(row) as Row
  })
}

function printed(type: string, value: unknown): Printed {
  if (value === null) return null
  if (type === 'long') return String(value)
  return type === 'timestamptz' ? formatDateTime(value as number) : (value as Printed)
}
