import { TickhouseError } from '../errors.ts'
import { commitSnapshot } from '../iceberg/commit.ts'
import type { Retention } from '../iceberg/expire.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import { hoursWithRows } from '../rollup/markRanges.ts'
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

export type RebuildServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>

export interface RebuildRequest {
  /** Says what would be written, and writes nothing. */
  readonly dryRun: boolean
  /** Works both states out from the rows, also where there are others. */
  readonly force: boolean
}

/** Where a state comes from: it is there; an earlier metadata file has it; or it was worked out from the rows. */
export type Source = 'there' | 'metadata' | 'rows'

export interface RebuildHooks {
  /** Sets the consumer group to a vector; called before anything is written, where that vector is worked out from rows. */
  readonly moveGroup: (vector: OffsetVector) => Promise<void>
  readonly onProgress: (line: string) => void
}

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
    /** Every hour that has a tick or a candle: rollup recomputes all of them. */
    readonly hoursMarked: number
  }
  readonly isWritten: boolean
}

/**
 * Finds the states again that the tables have lost: in their earlier metadata files, as they were, or else in the rows. What
 * others did meanwhile cannot be told, so every hour is marked to be recomputed. One commit a table, on exactly the version
 * that was looked at; throws what `Catalog.commit` throws, and `StateIsThere` where nothing is lost.
 */
export async function rebuild(
  services: RebuildServices,
  { dryRun, force }: RebuildRequest,
  { moveGroup, onProgress }: RebuildHooks,
): Promise<Rebuilt> {
  const { catalog, store, settings, nowMs } = services
  const ticks = await loadTable(catalog, TICKS_TABLE)
  const candles = await loadTable(catalog, CANDLES_TABLE)
  const foundTicks = force ? undefined : await findState(services, ticks, ticksState)
  const foundCandles = force ? undefined : await findState(services, candles, candlesState)
  if (foundTicks?.source === 'there' && foundCandles?.source === 'there') throw new StateIsThere()

  const { state: ticksFound, source, logs } = foundTicks ?? (await ticksFromRows(services, ticks, onProgress))
  const base = foundCandles ?? {
    state: await rebuildCandles(services, candles, ticks, ticksFound.vector),
    source: 'rows' as const,
  }
  onProgress('which hours have ticks or candles')
  const hours = await hoursWithRows(store, { ticks, candles }, [EVER])
  const state = { ...base.state, hours: markDamaged(base.state.hours, hours, nowMs() * 1000) }
  if (!dryRun) {
    if (source === 'rows') await moveGroup(ticksFound.vector)
    // While the ticks have no state nothing goes on: should this end between the two, it can be run again.
    await commitState(services, candles, candlesSummary(state), candlesRetention(settings))
    if (source !== 'there') {
      await commitState(services, ticks, ticksSummary(ticksFound), ticksRetention(settings))
    }
  }
  const { vector, totals } = ticksFound
  const { closedUntilUs, stampUs, revisionFloor } = state
  return {
    ticks: { source, vector: storeVector(vector), totals, logs, isProven: isProven(logs) },
    candles: { source: base.source, closedUntilUs, stampUs, revisionFloor, hoursMarked: hours.size },
    isWritten: !dryRun,
  }
}

const EVER = { fromUs: Number.MIN_SAFE_INTEGER, toUs: Number.MAX_SAFE_INTEGER }

async function ticksFromRows(
  services: RebuildServices,
  ticks: Table,
  onProgress: (line: string) => void,
): Promise<Found<TicksState>> {
  return { ...(await rebuildTicks(services, ticks, onProgress)), source: 'rows' }
}

interface Found<State> {
  readonly state: State
  readonly source: Source
  readonly logs: readonly LogFindings[]
}

/** What a table says, or what it said before others expired that; undefined where nothing is left of it. */
async function findState<State>(
  { store }: RebuildServices,
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

async function commitState(
  { catalog, store, nowMs }: RebuildServices,
  table: Table,
  summary: Record<string, string>,
  retention: Retention,
): Promise<void> {
  const staged = await stageSnapshot(store, table, { add: [], summary, nowMs: nowMs() }, retention)
  await commitSnapshot(catalog, table, staged)
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
