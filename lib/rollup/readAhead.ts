import type { Table } from '../iceberg/table.ts'
import { loadTable } from '../tables/layout.ts'
import { distance } from '../tables/offsetVector.ts'
import { TICKS_TABLE } from '../tables/ticksTable.ts'
import { untilGraceIsOver } from './awaitTicks.ts'
import { planRound, type RoundLimits } from './planRound.ts'
import type { RollupServices } from './rollupCandles.ts'
import { inputsOf } from './rollupInputs.ts'
import { isSmall, readStored } from './storedCandles.ts'

/**
 * While the minute's last ticks are waited for, reads what is there already and will be read again: files never
 * change, and are remembered. Never fails: what is wrong is found out when it is read again. Catching up takes too much
 * memory for it.
 */
export async function readAhead(
  services: RollupServices,
  candles: Table,
  limits: RoundLimits,
): Promise<void> {
  const { catalog, store, settings, nowMs } = services
  if (untilGraceIsOver(nowMs(), settings.graceMs) === 0) return
  try {
    const inputs = inputsOf(settings, candles, await loadTable(catalog, TICKS_TABLE))
    if (distance(inputs.state.vector, inputs.ticksVector) > limits.ticks) return
    const { stored } = await planRound(services, inputs, undefined, limits)
    // Larger ones are not remembered.
    await readStored(store, stored.filter(isSmall))
  } catch {
    return
  }
}
