import { TickhouseError } from '../errors.ts'
import { commitSnapshot } from '../iceberg/commit.ts'
import type { Retention } from '../iceberg/expire.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import type { HourSet } from '../market/hours.ts'
import { mergeRanges, type TimeRange } from '../market/range.ts'
import { DAY_US, floorTo } from '../market/time.ts'
import { hoursWithRows } from '../rollup/markRanges.ts'
import { rangeOf } from '../rollup/newTicks.ts'
import { markDamaged } from '../rollup/staleHours.ts'
import type { Services } from '../services.ts'
import { type CandlesState, candlesState, candlesSummary } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable, StateMissing, StateUnreadable } from '../tables/layout.ts'
import { type OffsetVector, storeVector } from '../tables/offsetVector.ts'
import { candlesRetention, ticksRetention } from '../tables/retention.ts'
import {
  TICKS_TABLE,
  type TicksState,
  type TickTotals,
  ticksState,
  ticksSummary,
} from '../tables/ticksTable.ts'
import { earlierState } from './earlierState.ts'
import { rebuildCandles } from './rebuildCandles.ts'
import { isProven, type LogFindings, rebuildTicks } from './rebuildTicks.ts'

type TableServices = Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>
export type RebuildServices = TableServices & Pick<Services, 'topicLog'>

export interface RebuildRequest {
  /** Says what would be written, and writes nothing. */
  readonly dryRun: boolean
  /** Works both states out from the rows, also where there are others. */
  readonly force: boolean
}

export interface RebuildHooks {
  /** Sets the consumer group to a vector; called before anything is written, where that vector is worked out from rows. */
  readonly moveGroup: (vector: OffsetVector) => Promise<void>
  readonly onProgress: (line: string) => void
}

/** Where a state comes from: it is there; an earlier metadata file has it; or it was worked out from the rows. */
export type Source = 'there' | 'metadata' | 'rows'

export interface Rebuilt {
  readonly ticks: {
    readonly source: Source
    readonly vector: ReturnType<typeof storeVector>
    readonly totals: TickTotals
    /** Of each log, where the state is from the rows. */
    readonly logs: readonly LogFindings[]
    /** False where something stands against it, or cannot be told; `logs` says what. */
    readonly isProven: boolean
  }
  readonly candles: Pick<CandlesState, 'closedUntilUs' | 'stampUs' | 'revisionFloor'> & {
    readonly source: Source
    /** Every hour that has a tick or a candle, of the days that have a tick: rollup recomputes all of them. */
    readonly hoursMarked: number
  }
  readonly isWritten: boolean
}

interface Tables {
  readonly ticks: Table
  readonly candles: Table
}

interface Found<State> {
  readonly state: State
  readonly source: Source
  readonly logs: readonly LogFindings[]
}

/**
 * Finds the states again that the tables have lost: in their earlier metadata files, as they were, or else in the rows. What
 * others did meanwhile cannot be told, so all hours are marked to be recomputed; candles of days without any tick are left
 * as they are. One commit a table, on exactly the version that was looked at; throws what `Catalog.commit` throws, and
 * `StateIsThere` where nothing is lost.
 */
export async function rebuild(
  services: RebuildServices,
  { dryRun, force }: RebuildRequest,
  { moveGroup, onProgress }: RebuildHooks,
): Promise<Rebuilt> {
  const tables = await loadTables(services)
  const found = force ? {} : await findStates(services, tables)
  if (isNothingLost(found)) throw new StateIsThere()
  const ticks = found.ticks ?? (await ticksFromRows(services, tables, onProgress))
  const candles = found.candles ?? (await candlesFromRows(services, tables, ticks.state.vector))
  onProgress('which hours have ticks or candles')
  const hours = await hoursToMark(services, tables)
  if (!dryRun && ticks.source === 'rows') await moveGroup(ticks.state.vector)
  const decided = { ticks, candles, hours }
  if (!dryRun) await write(services, tables, decided)
  return summarize(decided, !dryRun)
}

/** As `rebuild`, but for what rows would have to tell: a step that needs nobody. Undefined where nothing was written. */
export async function rebuildFromMetadata(services: TableServices): Promise<Rebuilt | undefined> {
  const tables = await loadTables(services)
  const found = await findStates(services, tables)
  const { ticks, candles } = found
  if (ticks === undefined || candles === undefined || isNothingLost(found)) return undefined
  const decided = { ticks, candles, hours: await hoursToMark(services, tables) }
  await write(services, tables, decided)
  return summarize(decided, true)
}

async function loadTables({ catalog }: TableServices): Promise<Tables> {
  const candles = await loadTable(catalog, CANDLES_TABLE)
  return { candles, ticks: await loadTable(catalog, TICKS_TABLE) }
}

/** What will be written. */
interface Decided {
  readonly ticks: Found<TicksState>
  readonly candles: Found<CandlesState>
  readonly hours: HourSet
}

interface FoundStates {
  readonly ticks?: Found<TicksState> | undefined
  readonly candles?: Found<CandlesState> | undefined
}

async function findStates(services: TableServices, { ticks, candles }: Tables): Promise<FoundStates> {
  return {
    ticks: await findState(services, ticks, ticksState),
    candles: await findState(services, candles, candlesState),
  }
}

function isNothingLost({ ticks, candles }: FoundStates): boolean {
  return ticks?.source === 'there' && candles?.source === 'there'
}

/** What a table says, or what it said before others expired that; undefined where nothing is left of it. */
async function findState<State>(
  { store }: TableServices,
  table: Table,
  read: (table: Table) => State,
): Promise<Found<State> | undefined> {
  const state = readable(table, read)
  if (state !== undefined) return { state, source: 'there', logs: [] }
  const earlier = await earlierState(store, table)
  const before = earlier && readable(earlier, read)
  return before && { state: before, source: 'metadata', logs: [] }
}

function readable<State>(table: Table, read: (table: Table) => State): State | undefined {
  try {
    return read(table)
  } catch (error) {
    if (error instanceof StateMissing || error instanceof StateUnreadable) return undefined
    throw error
  }
}

async function ticksFromRows(
  services: RebuildServices,
  { ticks }: Tables,
  onProgress: (line: string) => void,
): Promise<Found<TicksState>> {
  return { ...(await rebuildTicks(services, ticks, onProgress)), source: 'rows' }
}

async function candlesFromRows(
  services: RebuildServices,
  { candles, ticks }: Tables,
  vector: OffsetVector,
): Promise<Found<CandlesState>> {
  return { state: await rebuildCandles(services, candles, ticks, vector), source: 'rows', logs: [] }
}

/** Ticks of whole days may have been deleted to save space: their candles stay. */
async function hoursToMark({ store }: TableServices, tables: Tables): Promise<HourSet> {
  const days: TimeRange[] = []
  for await (const files of scanFiles(store, tables.ticks)) {
    for (const { fromUs, toUs } of files.map(rangeOf)) {
      days.push({ fromUs: floorTo(fromUs, DAY_US), toUs: floorTo(toUs - 1, DAY_US) + DAY_US })
    }
  }
  return hoursWithRows(store, tables, mergeRanges(days))
}

/** The candles first: while the ticks have no state nothing goes on, so that it can be run again should it end in between. */
async function write(
  services: TableServices,
  tables: Tables,
  { ticks, candles: { state }, hours }: Decided,
): Promise<void> {
  const { settings, nowMs } = services
  const marked = { ...state, hours: markDamaged(state.hours, hours, nowMs() * 1000) }
  await commitState(services, tables.candles, candlesSummary(marked), candlesRetention(settings))
  if (ticks.source === 'there') return
  await commitState(services, tables.ticks, ticksSummary(ticks.state), ticksRetention(settings))
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

function summarize({ ticks, candles, hours }: Decided, isWritten: boolean): Rebuilt {
  const { vector, totals } = ticks.state
  const { closedUntilUs, stampUs, revisionFloor } = candles.state
  const { source, logs } = ticks
  return {
    ticks: { source, vector: storeVector(vector), totals, logs, isProven: isProven(logs) },
    candles: { source: candles.source, closedUntilUs, stampUs, revisionFloor, hoursMarked: hours.size },
    isWritten,
  }
}

/** There is nothing to rebuild. */
export class StateIsThere extends TickhouseError {
  constructor() {
    super(
      'STATE_IS_THERE',
      'both tables say how far they go: there is nothing to rebuild. With --force both are worked out from their rows all the same',
    )
  }
}
