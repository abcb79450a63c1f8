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
  /** Only shows the result; writes nothing. */
  readonly dryRun: boolean
  /** Works out both states from the rows, even if the tables have states. */
  readonly force: boolean
}

export interface RebuildHooks {
  /** Sets the consumer group to a vector that was worked out from rows; called before anything is written. */
  readonly moveGroup: (vector: OffsetVector) => Promise<void>
  readonly onProgress: (line: string) => void
}

export interface Rebuilt {
  readonly ticks: {
    readonly source: Source
    readonly vector: ReturnType<typeof storeVector>
    readonly totals: TickTotals
    /** Findings for each partition and epoch, if the state is from the rows. */
    readonly logs: readonly LogFindings[]
    /** False where something contradicts the state or cannot be known; `logs` says what. */
    readonly isProven: boolean
  }
  readonly candles: Pick<CandlesState, 'closedUntilUs' | 'stampUs' | 'revisionFloor'> & {
    readonly source: Source
    /** Hours with ticks or candles, of days that have a tick: rollup recomputes all of them. */
    readonly hoursMarked: number
  }
  readonly isWritten: boolean
}

/**
 * Restores the lost states of the tables: from earlier metadata files, which have them as they were, or else from the rows.
 * Changes of others meanwhile cannot be known, so all hours are marked to be recomputed; candles of days without any tick stay
 * as they are. Makes one commit for each table, on exactly the version that was read. Throws what `Catalog.commit` throws, and
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
      'both tables have their state: there is nothing to rebuild. With --force both states are worked out from the rows all the same',
    )
  }
}
