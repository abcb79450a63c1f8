import { floorTo, MINUTE_US } from '../../lib/market/time.ts'
import type { BenchRun } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { passLogs } from '../history/passLogs.ts'
import { publishedBeforeLastDay } from '../history/publishedBefore.ts'
import { DEFAULT_HISTORY } from '../history/spec.ts'
import { computeLastMinute } from '../lastMinute.ts'
import type { Pace } from '../latency/feed.ts'
import { rounded } from '../table.ts'
import type { BenchWorld } from '../world.ts'
import type { ViewersOptions } from './options.ts'
import { buildWideHistory } from './wideHistory.ts'

/** With more symbols, a year of ticks would take hours to write. */
const MOST_SYMBOLS_WITH_TICKS = 200
const STATEMENTS_TO_WARM_UP = 30

/** The pace of live ticks for a number of symbols. */
export function paceOf(symbols: number): Pace {
  return symbols <= MOST_SYMBOLS_WITH_TICKS
    ? { symbols, everyMs: 1_000, gatherMs: 20 }
    : { symbols, everyMs: 10_000, gatherMs: 100 }
}

/** Writes history into the empty tables, and warms Trino up. Returns the seconds that writing took. */
export async function layHistory(
  world: BenchWorld,
  symbols: number,
  { days }: Pick<ViewersOptions, 'days'>,
  run: BenchRun,
): Promise<number> {
  const { services, sandbox } = world
  const endUs = floorTo(Date.now() * 1000, MINUTE_US)
  const startedMs = performance.now()
  run.progress(`${days} days of ${symbols} symbols …`)
  if (symbols <= MOST_SYMBOLS_WITH_TICKS) {
    const spec = { ...DEFAULT_HISTORY, symbols, days, endUs }
    const { vector } = await buildHistory(services, spec, run.progress)
    await publishedBeforeLastDay(services)
    await passLogs(sandbox, new Map([[services.settings.ticksTopic, vector]]))
  } else {
    await buildWideHistory(services, { symbols, days, endUs })
    await publishedBeforeLastDay(services)
  }
  const tookS = rounded((performance.now() - startedMs) / 1000, 1)
  run.progress(`history laid after ${tookS} s`)
  for (let i = 0; i < STATEMENTS_TO_WARM_UP; i++) await computeLastMinute(services, endUs)
  return tookS
}
