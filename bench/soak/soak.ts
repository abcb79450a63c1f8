import type { Bench, BenchRun, Results } from '../benches.ts'
import { usageOf } from '../processTree.ts'
import { rounded } from '../table.ts'
import { verifyCandles } from '../verifyCandles.ts'
import { openWorld } from '../world.ts'
import { SOAK_OPTIONS, soakOptions } from './options.ts'
import { Simulation } from './simulation.ts'
import { ratioOfHundreds, spread } from './times.ts'

/** Day after day: what a minute costs, and what the tables consist of, must not grow. */
export const soak: Bench = {
  usage: `Simulated minutes with maintain on its schedule: nothing grows, nothing is lost. --minutes N (1440; a week: 10080)
             --commit-every S: simulated seconds between ingest's commits (10; the real rate: 1) --retention-minutes N (60)`,
  options: SOAK_OPTIONS,
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const options = soakOptions(run)
  const { minutes, commitEveryS, retentionMinutes } = options
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  run.progress(
    `${minutes} minutes, a commit of ticks each ${commitEveryS} s, a retention of ${retentionMinutes} minutes, all by the simulated clock …`,
  )
  const simulation = new Simulation(world.services, options)
  const startedMs = performance.now()
  for (let minute = 0; minute < minutes; minute++) {
    await simulation.minute(minute)
    if ((minute + 1) % 30 === 0) run.progress(simulation.progress(minute + 1))
  }
  const wallS = (performance.now() - startedMs) / 1000
  const { peakBytes } = usageOf(process.pid)
  await simulation.lookAtAll(minutes)

  run.progress('verify …')
  const ticks = await verifyCandles(simulation.services, {})
  const { times, tables, readers } = simulation
  for (const table of Object.values(tables)) table.checkBounded(minutes)
  const soaked = {
    minutes,
    wall_s: rounded(wallS),
    ticks,
    commit_every_s: commitEveryS,
    retention_minutes: retentionMinutes,
    peak_rss_mb: Math.round(peakBytes / 1e6),
    rollup_last_hundred_to_first: rounded(ratioOfHundreds(times.rollup)),
    ...spread('rollup', times.rollup),
    ...spread('ingest', times.ingest),
    ...spread('publish', times.publish),
    ...spread('compaction', times.compaction),
    ...spread('orphans', times.orphans),
    files_removed: simulation.removed,
    held_snapshots_read: readers.reads,
    oldest_held_s: readers.oldestMs / 1000,
  }
  const figures = Object.entries(tables).map(([name, table]) => [name, table.figures()])
  return { soak: soaked, ...Object.fromEntries(figures) }
}
