import { loadTable } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { ingestOffline } from '../offline.ts'
import { wholeNumber } from '../options.ts'
import { percentilesMs } from '../percentile.ts'
import { rounded } from '../table.ts'
import { until } from '../until.ts'
import { type BenchWorld, openWorld } from '../world.ts'
import { trickle } from './trickle.ts'
import { storedTicks, TableWatch } from './watch.ts'

const DEADLINE_S = 120

/** How long a tick takes until a query returns it, at the default pace. */
export const freshness: Bench = {
  usage:
    'A trickle of 10 ticks a second: from the Kafka timestamp to a Trino query that has it. --seconds N (120)',
  options: { seconds: { type: 'string' } },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const seconds = wholeNumber(run, 'seconds', 120)
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  run.progress('sls offline …')
  await ingestOffline(world, run).start(new AbortController().signal)
  const watch = new TableWatch(world.services.query)
  run.onEnd.defer(() => watch.stop())
  const warmUp = await trickle(world, 1)
  await until('the first ticks are seen', DEADLINE_S, async () => watch.saw(warmUp))

  run.progress(`10 ticks a second for ${seconds} s …`)
  const before = await commitsOf(world)
  const fromMs = Date.now()
  const sent = await trickle(world, seconds)
  const commits = (await commitsOf(world)) - before
  await until('the last tick is seen', DEADLINE_S, async () => watch.saw(warmUp + sent))
  await watch.stop()
  return { freshness: { ...(await delays(world, watch, fromMs)), commits_per_s: rounded(commits / seconds) } }
}

async function delays({ services }: BenchWorld, watch: TableWatch, fromMs: number) {
  const ticks = (await storedTicks(services.query)).filter(({ timestampMs }) => timestampMs >= fromMs)
  const delaysMs = ticks.map(tick => watch.seenAtMs(tick) - tick.timestampMs)
  const { p50_ms: query_p50_ms } = percentilesMs(watch.queriesMs)
  return { ticks: ticks.length, ...percentilesMs(delaysMs), query_p50_ms }
}

/** Every commit takes the next sequence number. */
async function commitsOf({ services }: BenchWorld): Promise<number> {
  return (await loadTable(services.catalog, TICKS_TABLE)).metadata.lastSequenceNumber
}
