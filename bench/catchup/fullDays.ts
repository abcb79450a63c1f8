import { floorTo, MINUTE_US, type Micros } from '../../lib/market/time.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import type { BenchRun } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { passLogs } from '../history/passLogs.ts'
import { DEFAULT_HISTORY } from '../history/spec.ts'
import type { BenchWorld } from '../world.ts'

/** As if the pipeline had run for so many days, at a tick a second and symbol, up to a moment: all of it compacted and published. */
export async function fillFullDays(
  world: BenchWorld,
  days: number,
  run: BenchRun,
  endUs: Micros = floorTo(Date.now() * 1000, MINUTE_US),
): Promise<void> {
  if (days === 0) return
  const { services, sandbox } = world
  run.progress(`${days} full days …`)
  const spec = { ...DEFAULT_HISTORY, days, endUs, everySeconds: 1, lastDayEverySeconds: 1 }
  const { vector } = await buildHistory(services, spec, run.progress)
  await passLogs(sandbox, new Map([[services.settings.ticksTopic, vector]]))
  const { sent } = await publishCandles(services, () => Number.POSITIVE_INFINITY)
  await services.candleWriter.close()
  run.progress(`  ${sent.toLocaleString('en-US')} candles published`)
}
