import type { Bench, BenchRun, Results } from '../benches.ts'
import { BenchFailed } from '../until.ts'
import { emptyTables, openWorld } from '../world.ts'
import { fillTopic, SYMBOLS } from './fillTopic.ts'
import { measureHandler } from './handler.ts'
import { measureOffline } from './offline.ts'

/** From Kafka into Iceberg: the handler by itself, and the whole way under `sls offline`. */
export const ingest: Bench = {
  usage: `Kafka to Iceberg: the packaged handler alone, and all of sls offline. --ticks N (2,000,000)`,
  options: { ticks: { type: 'string' } },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const ticks = ticksWanted(run.values.ticks)
  const world = await openWorld(run, ['kafka', 'seaweedfs'])
  await fillTopic(world, ticks, run)
  const handler = await measureHandler(world, ticks, run)
  await emptyTables(world)
  const offline = await measureOffline(world, ticks, run)
  return { handler, offline }
}

function ticksWanted(given: string | boolean | undefined): number {
  const ticks = Number(given ?? 2_000_000)
  if (Number.isSafeInteger(ticks) && ticks > 0 && ticks % SYMBOLS === 0) return ticks
  throw new BenchFailed(`--ticks ${given}: a multiple of ${SYMBOLS} is wanted`)
}
