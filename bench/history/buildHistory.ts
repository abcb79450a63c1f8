import { formatDateTime } from '../../lib/market/time.ts'
import type { Services } from '../../lib/services.ts'
import { type CandlesState, candlesState } from '../../lib/tables/candlesState.ts'
import { HistoryWriter } from './historyWriter.ts'
import type { HistorySpec } from './spec.ts'
import { stretchesOf } from './stretches.ts'

const SAY_EVERY_MS = 10_000

/**
 * Fills the tables, which are empty, as if the pipeline had run for so many days: raw ticks and their candles, compacted
 * as `maintain` does, on lists of snapshots as long as they get; on Kafka retention has removed the ticks (`passLogs`
 * sees to it). Candles that changed on the last day have a later stamp than all others. Gives what the candles' summary says.
 */
export async function buildHistory(
  services: Pick<Services, 'catalog' | 'store' | 'settings'>,
  spec: HistorySpec,
  progress: (line: string) => void,
): Promise<CandlesState> {
  const writer = await HistoryWriter.open(services, spec)
  let saidMs = performance.now()
  for (const stretch of stretchesOf(spec)) {
    await writer.write(stretch)
    if (performance.now() - saidMs < SAY_EVERY_MS) continue
    saidMs = performance.now()
    const upTo = formatDateTime(stretch.toUs).slice(0, 10)
    progress(`  ${writer.ticks.toLocaleString('en-US')} ticks, up to ${upTo}`)
  }
  return candlesState(await writer.end())
}
