import { DAY_US, floorTo, MINUTE_US } from '../../lib/market/time.ts'
import { covers } from '../../lib/tables/offsetVector.ts'
import type { BenchRun, Results } from '../benches.ts'
import { openWorld } from '../world.ts'
import { fillFullDays } from './fullDays.ts'
import { HistorySender } from './historySender.ts'
import { againstUsual, delaysByPhase } from './liveMinutes.ts'
import type { CatchupOptions } from './options.ts'
import { MAX_CATCH_UP_S, Pipeline, secondsBetween } from './pipeline.ts'

const LIVE_PARTITION = 0
const HISTORY_PARTITIONS = [1, 2, 3]
const HISTORY_DAYS = 30
const SAY_EVERY_MS = 15_000
/** For ticks on their way into the table. */
const MAX_INGEST_S = 3_600

/** A month of history as fast as Kafka takes it, beside live ticks: how long until all candles are right, and what the live ones notice. */
export async function measureHistory(run: BenchRun, options: CatchupOptions): Promise<Results> {
  const { minutes, ticks, fullDays } = options
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  await fillFullDays(world, fullDays, run)
  const toUs = floorTo(Date.now() * 1000, MINUTE_US)
  const pipeline = await Pipeline.start(world, run, options, { partition: LIVE_PARTITION })
  const { live } = pipeline
  await pipeline.warmUp(options)
  live.begin('before')
  await pipeline.minutes(minutes)

  live.begin('during')
  const stretch = { ticks, fromUs: toUs - HISTORY_DAYS * DAY_US, toUs, partitions: HISTORY_PARTITIONS }
  const sendingMs = Date.now()
  const sender = new HistorySender(world, stretch, run)
  const progress = progressOf(pipeline, sender, run)
  const sentMs = await pipeline.until('all of the history is sent', MAX_INGEST_S, async () => {
    progress()
    return sender.check()
  })
  const ends = await pipeline.ends()
  const inTable = await pipeline.until('all of it is in the table', MAX_INGEST_S, async () => {
    progress()
    return pipeline.ticks.commits.find(({ state }) => covers(state.vector, ends))
  })
  const caughtUp = await pipeline.catchUp(ends)
  live.begin('after')
  await pipeline.minutes(minutes)

  const verified_ticks = await pipeline.verify()
  const ingestS = secondsBetween(sendingMs, inTable.atMs)
  return {
    history: {
      ticks,
      full_days: fullDays,
      send_s: secondsBetween(sendingMs, sentMs),
      in_table_s: ingestS,
      ticks_per_s: Math.round(ticks / ingestS),
      right_s: secondsBetween(inTable.atMs, caughtUp.right.atMs),
      published_s: secondsBetween(inTable.atMs, caughtUp.publishedAtMs),
      catch_up_limit_s: MAX_CATCH_UP_S,
      ...pipeline.figures(),
      verified_ticks,
    },
    ...delaysByPhase(live.measured),
    'during : before': againstUsual(live.measured, 'during', 'before'),
  }
}

/** Says now and then how far it is. */
function progressOf({ ticks, candles }: Pipeline, sender: HistorySender, run: BenchRun): () => void {
  let saidMs = Date.now()
  return () => {
    if (Date.now() - saidMs < SAY_EVERY_MS) return
    saidMs = Date.now()
    const inTable = ticks.commits.at(-1)?.state.totals.ticks ?? 0
    const stale = candles.commits.at(-1)?.state.hours.stale.size ?? 0
    const number = (n: number) => n.toLocaleString('en-US')
    run.progress(`  ${number(sender.sent)} sent, ${number(inTable)} in the table, ${stale} hours stale`)
  }
}
