import type { Table } from '../iceberg/table.ts'
import { distance } from '../tables/offsetVector.ts'
import { untilGraceIsOver } from './awaitTicks.ts'
import { planRound, type RoundLimits } from './planRound.ts'
import type { RollupServices } from './rollupCandles.ts'
import { loadInputs } from './rollupInputs.ts'
import { readStored } from './storedCandles.ts'

/**
 * While the minute's last ticks are waited for, reads all that is there already and will be read again: files never
 * change, and are remembered. Gives the candles table as it is now; undefined when there is nothing to wait for, or when
 * something fails, which is then found out in its own time.
 */
export async function readAhead(services: RollupServices, limits: RoundLimits): Promise<Table | undefined> {
  const { settings, store, nowMs } = services
  if (untilGraceIsOver(nowMs(), settings.graceMs) === 0) return undefined
  try {
    const inputs = await loadInputs(services)
    if (distance(inputs.state.vector, inputs.ticksVector) > limits.ticks) return inputs.candles
    const { stored } = await planRound(services, inputs, undefined, limits)
    await readStored(store, stored)
    return inputs.candles
  } catch {
    return undefined
  }
}
