import type { Columns } from '../../lib/iceberg/schema.ts'
import type { Tick } from '../../lib/market/tick.ts'
import { TickRows } from '../../lib/tables/tickRows.ts'

/** A good tick with the place on Kafka that identifies it, in the table's first epoch. */
export interface StoredTick {
  readonly tick: Tick
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

/** Rows of the ticks table to its columns. */
export function tickColumns(stored: readonly StoredTick[]): Columns {
  const ticks = new TickRows(stored.length)
  const rows = stored.map(({ tick, partition, ...place }) =>
    ticks.add(tick, partition, { ...place, key: null, value: null, headers: {} }),
  )
  return ticks.columns(rows, 0)
}
