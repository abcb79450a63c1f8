import type { BenchRun, Results } from '../benches.ts'
import { openServices, openWorld } from '../world.ts'
import { fillFullDays } from './fullDays.ts'
import { lateRecord, scatteredTicks } from './lateTicks.ts'
import { againstUsual, delaysByPhase } from './liveMinutes.ts'
import type { CatchupOptions } from './options.ts'
import { Pipeline, secondsBetween } from './pipeline.ts'
import { sendInBatches } from './sendInBatches.ts'

/** Within a minute, so that the next rollup sees all ticks. */
const SEND_AT_S = 15
const BATCH = 500

/** Late and historic ticks beside live ones: how long until all candles are right, and what the live ones notice. */
export async function measureScattered(run: BenchRun, options: CatchupOptions): Promise<Results> {
  const { minutes, ticks, fullDays } = options
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  await fillFullDays(world, fullDays, run)
  const pipeline = await Pipeline.start(world, run, options)
  const { live } = pipeline
  await pipeline.warmUp(options)
  live.begin('before')
  await pipeline.minutes(minutes)

  await pipeline.second(SEND_AT_S)
  live.begin('during')
  const { ticksTopic } = world.services.settings
  const late = [...scatteredTicks(ticks, Date.now() * 1000)].map(tick => lateRecord(ticksTopic, tick))
  const sendingMs = Date.now()
  await sendInBatches(openServices(world, run).topicWriter, late, BATCH)
  const sentMs = Date.now()
  const caughtUp = await pipeline.catchUp(await pipeline.ends())
  live.begin('after')
  await pipeline.minutes(minutes)

  const verified_ticks = await pipeline.verify()
  return {
    scattered: {
      ticks,
      full_days: fullDays,
      send_s: secondsBetween(sendingMs, sentMs),
      right_s: secondsBetween(caughtUp.saw.atMs, caughtUp.right.atMs),
      published_s: secondsBetween(caughtUp.saw.atMs, caughtUp.publishedAtMs),
      seen_after_s: secondsBetween(sentMs, caughtUp.saw.atMs),
      commits: caughtUp.commits,
      ...pipeline.figures(),
      verified_ticks,
    },
    ...delaysByPhase(live.measured),
    'during : before': againstUsual(live.measured, 'during', 'before'),
  }
}
