import { z } from 'zod'
import type { PartitionSpec } from '../iceberg/schema.ts'
import type { Table, TableIdent } from '../iceberg/table.ts'
import type { BadTickReason } from '../market/tick.ts'
import { COMMON_PROPERTIES, fieldNamed, NAMESPACE, readState } from './layout.ts'
import { type OffsetVector, STORED_VECTOR, storeVector } from './offsetVector.ts'
import { TICKS_SCHEMA } from './ticksSchema.ts'

export { TICKS_SCHEMA } from './ticksSchema.ts'

export const TICKS_TABLE: TableIdent = { namespace: NAMESPACE, name: 'stock_ticks' }

const TICKS_SPEC: PartitionSpec = {
  specId: 0,
  fields: [
    {
      sourceId: fieldNamed(TICKS_SCHEMA, 'date_time').id,
      fieldId: 1000,
      name: 'date_time_day',
      transform: 'day',
    },
  ],
}

export const TICKS_DEFINITION = { schema: TICKS_SCHEMA, spec: TICKS_SPEC, properties: COMMON_PROPERTIES }

/** Counted since the table began. */
export interface TickTotals {
  readonly ticks: number
  /** Ticks that came after their minute's candle was due. */
  readonly late: number
  /** Offsets that Kafka's retention removed before they were read. */
  readonly lost: number
  readonly deadLetters: Readonly<Partial<Record<BadTickReason, number>>>
}

export const NO_TICKS: TickTotals = { ticks: 0, late: 0, lost: 0, deadLetters: {} }

/** What every snapshot of `market_data.stock_ticks` that tickhouse commits says in its summary. */
export interface TicksState {
  readonly vector: OffsetVector
  readonly totals: TickTotals
}

const VECTOR_KEY = 'tickhouse.vector'
const TOTALS_KEY = 'tickhouse.totals'

const COUNT = z.int().nonnegative()
const STORED_TOTALS = z.object({
  ticks: COUNT,
  late: COUNT,
  lost: COUNT,
  deadLetters: z.record(z.string(), COUNT),
})

/** The state of the newest ancestor that carries one. */
export function ticksState(table: Table): TicksState {
  return {
    vector: readState(table, VECTOR_KEY, STORED_VECTOR),
    totals: readState(table, TOTALS_KEY, STORED_TOTALS),
  }
}

/** The state as properties of a snapshot's summary. */
export function ticksSummary({ vector, totals }: TicksState): Record<string, string> {
  return { [VECTOR_KEY]: JSON.stringify(storeVector(vector)), [TOTALS_KEY]: JSON.stringify(totals) }
}

/** Dead letters of every reason. */
export function countDeadLetters({ deadLetters }: TickTotals): number {
  return Object.values(deadLetters).reduce((sum, n) => sum + n, 0)
}

/** The totals after `more` was added. */
export function addTotals(totals: TickTotals, more: TickTotals): TickTotals {
  const deadLetters = { ...totals.deadLetters }
  for (const [reason, n] of Object.entries(more.deadLetters)) {
    const key = reason as BadTickReason
    deadLetters[key] = (deadLetters[key] ?? 0) + n
  }
  return {
    ticks: totals.ticks + more.ticks,
    late: totals.late + more.late,
    lost: totals.lost + more.lost,
    deadLetters,
  }
}
