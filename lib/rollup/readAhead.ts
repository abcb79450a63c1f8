import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { rowsFor } from '../market/refold.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE } from '../tables/ticksTable.ts'
import { untilGraceIsOver } from './awaitTicks.ts'
import type { FoldedAhead } from './foldAhead.ts'
import { foldMinutes } from './foldMinutes.ts'
import { chooseLiveMinutes } from './liveWindow.ts'
import { findNewTicks } from './newTicks.ts'
import type { RollupServices } from './rollupCandles.ts'
import { inputsOf } from './rollupInputs.ts'
import { liveReach, readMinuteByMinute, touchedFiles } from './storedCandles.ts'

/** A statement that takes longer than this brings nothing forward. */
const STATEMENT_MS = 5_000

/**
 * While the minute's last ticks are awaited, reads what will be read again (files never change, and are remembered), and
 * folds the ticks that are there. Never fails: the round itself meets what is wrong. Gives nothing where nothing is awaited.
 */
export async function readAhead(services: RollupServices, candles: Table): Promise<FoldedAhead | undefined> {
  const { catalog, store, settings, nowMs } = services
  if (untilGraceIsOver(nowMs(), settings.graceMs) === 0) return undefined
  try {
    const inputs = inputsOf(settings, candles, await loadTable(catalog, TICKS_TABLE))
    const { ticks } = inputs
    const { minutes } = await findNewTicks(store, inputs)
    const { inside: stretches } = await chooseLiveMinutes(store, ticks, minutes, nowMs() * 1000)
    const files = await planFiles(store, candles)
    const { changing, reading } = touchedFiles(files, rowsFor(stretches, liveReach(files, stretches)))
    const [folded] = await Promise.all([
      foldMinutes(services, { ticks, stretches }, { timeoutMs: STATEMENT_MS }),
      // The round may do without a file that cannot be read, and meets what it needs of them.
      readMinuteByMinute(store, [...changing, ...reading]).catch(() => undefined),
    ])
    return { ticks, stretches, minutes: folded }
  } catch {
    return undefined
  }
}
