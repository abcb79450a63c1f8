import { TickhouseError } from '../errors.ts'
import type { Table } from '../iceberg/table.ts'
import type { Services, Settings } from '../services.ts'
import { type CandlesState, candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE, PRICE_PROPERTY } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { covers, type OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'

/** Both tables as one round sees them, and what their summaries say. */
export interface RollupInputs {
  readonly candles: Table
  readonly state: CandlesState
  readonly ticks: Table
  readonly ticksVector: OffsetVector
  /** When they began to be loaded, or were ready if they were at hand, by `performance.now()`. */
  readonly startedMs: number
}

/**
 * Loads both tables. The candles must be of this price, of these ticks, and of no tick that is gone:
 * otherwise `PriceMismatch` or `TicksGone` is thrown, and nothing changes.
 */
export async function loadInputs({
  catalog,
  settings,
}: Pick<Services, 'catalog' | 'settings'>): Promise<RollupInputs> {
  const startedMs = performance.now()
  const candles = await loadTable(catalog, CANDLES_TABLE)
  return inputsOf(settings, candles, await loadTable(catalog, TICKS_TABLE), startedMs)
}

/**
 * Both tables as they were loaded, the candles first: ticks that are loaded later hold at least what the candles are
 * made of. Throws as `loadInputs` does.
 */
export function inputsOf(
  settings: Settings,
  candles: Table,
  ticks: Table,
  startedMs = performance.now(),
): RollupInputs {
  const state = candlesState(candles)
  const ticksVector = ticksState(ticks).vector
  const price = candles.metadata.properties[PRICE_PROPERTY]
  if (price !== settings.price) throw new PriceMismatch(price, settings.price)
  checkTicks(ticks, state)
  return { candles, state, ticks, ticksVector, startedMs }
}

/** Throws `TicksGone` when the table lacks ticks that the candles are made of. */
export function checkTicks(ticks: Table, state: CandlesState): void {
  const isSameTable = ticks.metadata.tableUuid === state.ticksUuid
  if (!isSameTable || !covers(ticksState(ticks).vector, state.vector)) throw new TicksGone(isSameTable)
}

/** The candles are made of another price than the settings say. */
export class PriceMismatch extends TickhouseError {
  constructor(made: string | undefined, wanted: string) {
    super(
      'PRICE_MISMATCH',
      `market_data.candles is made of ${made}, the setting says ${wanted}: set PRICE=${made}, or drop the candles table and set it up anew to recompute it from the ticks`,
    )
  }
}

/** Ticks that the candles are made of are no longer there, or not there at present. */
export class TicksGone extends TickhouseError {
  constructor(isSameTable: boolean) {
    super(
      'TICKS_GONE',
      isSameTable
        ? 'market_data.stock_ticks was rolled back behind the ticks that the candles are made of: candles stay as they are until ingest has caught up'
        : 'market_data.candles is made of another market_data.stock_ticks than the one there is now: drop the candles table and set it up anew',
    )
  }
}
