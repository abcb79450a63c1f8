import { loadTable } from '../../lib/tables/layout.ts'
import { distance, EMPTY_VECTOR, type OffsetVector } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import type { BenchRun } from '../benches.ts'
import { ingestOffline, kill } from '../offline.ts'
import { usageOfSession } from '../processTree.ts'
import { rounded } from '../table.ts'
import { until } from '../until.ts'
import type { BenchWorld } from '../world.ts'
import { checkTable } from './checkTable.ts'
import { fillTopic, SYMBOLS } from './fillTopic.ts'

const DEADLINE_S = 600

/** Takes in the whole topic under a real `sls offline start`, its start included; then kills it in mid-work and starts it again. */
export async function measureOffline(world: BenchWorld, ticks: number, run: BenchRun) {
  const { signal } = new AbortController()
  const offline = ingestOffline(world, run)
  const taken = (atLeast: number) => async () => {
    const count = distance(EMPTY_VECTOR, await vectorOf(world))
    return count >= atLeast ? count : undefined
  }

  run.progress('sls offline …')
  const startedMs = performance.now()
  await offline.start(signal)
  const pid = offline.pid!
  const started = usageOfSession(pid)
  await until('the table is at the end of the topic', DEADLINE_S, taken(ticks))
  const wallS = (performance.now() - startedMs) / 1000
  const { cpuS, peakBytes } = usageOfSession(pid)
  const checked = await checkTable(world, ticks)

  run.progress('killed in mid-work …')
  const more = SYMBOLS * Math.ceil(ticks / 4 / SYMBOLS)
  const filling = fillTopic(world, more, run)
  const before = await until('it is at work', DEADLINE_S, taken(ticks + 1))
  kill(offline)
  const killedMs = performance.now()
  await offline.start(signal)
  await until('it goes on after the kill', DEADLINE_S, taken(before + 1))
  const goOnS = (performance.now() - killedMs) / 1000
  await filling
  await until('all is taken in after the kill', DEADLINE_S, taken(ticks + more))
  await checkTable(world, ticks + more)
  await offline.stop()

  return {
    ticks,
    wall_s: rounded(wallS),
    ticks_per_s: Math.round(ticks / wallS),
    cpu_s_per_million: rounded((cpuS / ticks) * 1e6),
    start_cpu_s: rounded(started.cpuS),
    cpu_s_per_million_after_start: rounded(((cpuS - started.cpuS) / ticks) * 1e6),
    start_peak_rss_mb: Math.round(started.peakBytes / 1e6),
    peak_rss_mb: Math.round(peakBytes / 1e6),
    ...checked,
    go_on_s: rounded(goOnS, 1),
  }
}

async function vectorOf({ services }: BenchWorld): Promise<OffsetVector> {
  return ticksState(await loadTable(services.catalog, TICKS_TABLE)).vector
}
