import { commitSnapshot } from '../iceberg/commit.ts'
import type { Retention } from '../iceberg/expire.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import type { HourSet } from '../market/hours.ts'
import { mergeRanges, type TimeRange } from '../market/range.ts'
import { DAY_US, floorTo } from '../market/time.ts'
import { hoursWithRows } from '../rollup/hoursWithRows.ts'
import { markDamaged } from '../rollup/staleHours.ts'
import type { Services } from '../services.ts'
import { type CandlesState, candlesState, candlesSummary } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { foreignAnew, foreignSummary } from '../tables/foreignTicks.ts'
import { loadTable, StateMissing, StateUnreadable } from '../tables/layout.ts'
import { candlesRetention, ticksRetention } from '../tables/retention.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { TICKS_TABLE, type TicksState, ticksState, ticksSummary } from '../tables/ticksTable.ts'
import { earlierState } from './earlierState.ts'

export type TableServices = Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>

/** Where a state comes from: the table has it, an earlier metadata file has it, or it was worked out from the rows. */
export type Source = 'there' | 'metadata' | 'rows'

export interface Found<State> {
  readonly state: State
  readonly source: Source
}

/** Both tables, as they were loaded. */
export interface Tables {
  readonly ticks: Table
  readonly candles: Table
}

/** The states of both tables; undefined for one that is lost. */
export interface FoundStates {
  readonly ticks?: Found<TicksState> | undefined
  readonly candles?: Found<CandlesState> | undefined
}

/** What will be written. */
export interface Decided {
  readonly ticks: Found<TicksState>
  readonly candles: Found<CandlesState>
  readonly hours: HourSet
}

export async function loadTables({ catalog }: TableServices): Promise<Tables> {
  const candles = await loadTable(catalog, CANDLES_TABLE)
  return { candles, ticks: await loadTable(catalog, TICKS_TABLE) }
}

/** Reads the states of both tables, or those that others expired. */
export async function findStates(services: TableServices, { ticks, candles }: Tables): Promise<FoundStates> {
  return {
    ticks: await findState(services, ticks, ticksState),
    candles: await findState(services, candles, candlesState),
  }
}

/** True when both tables have their state. */
export function isNothingLost({ ticks, candles }: FoundStates): boolean {
  return ticks?.source === 'there' && candles?.source === 'there'
}

/** Reads a table's state, or the one that others expired; undefined where both are gone. */
async function findState<State>(
  { store }: TableServices,
  table: Table,
  read: (table: Table) => State,
): Promise<Found<State> | undefined> {
  const state = readable(table, read)
  if (state !== undefined) return { state, source: 'there' }
  const earlier = await earlierState(store, table)
  const before = earlier && readable(earlier, read)
  return before && { state: before, source: 'metadata' }
}

function readable<State>(table: Table, read: (table: Table) => State): State | undefined {
  try {
    return read(table)
  } catch (error) {
    if (error instanceof StateMissing || error instanceof StateUnreadable) return undefined
    throw error
  }
}

/** The hours with ticks or candles of days that have a tick. Where those of a whole day were deleted, its candles stay. */
export async function hoursToMark({ store }: TableServices, tables: Tables): Promise<HourSet> {
  const days: TimeRange[] = []
  for await (const files of scanFiles(store, tables.ticks)) {
    for (const { fromUs, toUs } of files.map(rangeOf)) {
      days.push({ fromUs: floorTo(fromUs, DAY_US), toUs: floorTo(toUs - 1, DAY_US) + DAY_US })
    }
  }
  return hoursWithRows(store, tables, mergeRanges(days))
}

/**
 * Writes the lost states, and marks the hours. The candles come first: without a state of the ticks no function runs, so this
 * can be done again if it ends in between.
 */
export async function writeStates(
  services: TableServices,
  tables: Tables,
  { ticks, candles: { state }, hours }: Decided,
): Promise<void> {
  const { settings, nowMs } = services
  // What others did to the candles is still to be looked at.
  const marked = { ...state, hours: markDamaged(state.hours, hours.minus(state.held), nowMs() * 1000) }
  await commitState(services, tables.candles, candlesSummary(marked), candlesRetention(settings))
  if (ticks.source === 'there') return
  const foreign = await foreignAnew(services.store, tables.ticks, ticks.state.totals)
  const summary = { ...ticksSummary(ticks.state), ...foreignSummary(foreign) }
  await commitState(services, tables.ticks, summary, ticksRetention(settings))
}

async function commitState(
  { catalog, store, nowMs }: TableServices,
  table: Table,
  summary: Record<string, string>,
  retention: Retention,
): Promise<void> {
  const staged = await stageSnapshot(store, table, { add: [], summary, nowMs: nowMs() }, retention)
  await commitSnapshot(catalog, table, staged)
}
