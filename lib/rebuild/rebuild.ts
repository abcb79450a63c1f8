import { TickhouseError } from '../errors.ts'
import type { Services } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { type OffsetVector, storeVector } from '../tables/offsetVector.ts'
import type { TickTotals } from '../tables/ticksTable.ts'
import { rebuildCandles } from './rebuildCandles.ts'
import { isProven, type LogFindings, rebuildTicks } from './rebuildTicks.ts'
import {
  type Decided,
  findStates,
  hoursToMark,
  isNothingLost,
  loadTables,
  type Source,
  type TableServices,
  writeStates,
} from './states.ts'

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
  const rows = found.ticks ? undefined : await rebuildTicks(services, tables.ticks, onProgress)
  const ticks = found.ticks ?? { state: rows!.state, source: 'rows' as const }
  const { vector } = ticks.state
  const candles = found.candles ?? {
    state: await rebuildCandles(services, tables.candles, tables.ticks, vector),
    source: 'rows' as const,
  }
  onProgress('which hours have ticks or candles')
  const decided = { ticks, candles, hours: await hoursToMark(services, tables) }
  if (!dryRun && ticks.source === 'rows') await moveGroup(vector)
  if (!dryRun) await writeStates(services, tables, decided)
  return summarize(decided, rows?.logs ?? [], !dryRun)
}

function summarize(
  { ticks: { state, source }, candles, hours }: Decided,
  logs: readonly LogFindings[],
  isWritten: boolean,
): Rebuilt {
  const { vector, totals } = state
  const { closedUntilUs, stampUs, revisionFloor } = candles.state
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
