import { kafkaClient } from '../../lib/kafka/client.ts'
import { setGroupOffsets } from '../../lib/kafka/groupOffsets.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { floorTo, MINUTE_US, type Micros, SECOND_US } from '../../lib/market/time.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import type { BenchRun, Results } from '../benches.ts'
import { computeLastMinute } from '../lastMinute.ts'
import { SYMBOLS } from '../latency/feed.ts'
import { feedSeconds } from '../rollup/feed.ts'
import { type BenchWorld, openWorld } from '../world.ts'
import { startBusyLoop } from './busyLoop.ts'
import { fillFullDays } from './fullDays.ts'
import { againstUsual, delaysByPhase, MINUTE_MS } from './liveMinutes.ts'
import type { CatchupOptions } from './options.ts'
import { Pipeline, secondsBetween } from './pipeline.ts'

/** So many seconds' ticks are on Kafka before they are taken in. */
const PIECE_US = 5 * MINUTE_US
/** A call of ingest takes some 20 ms. */
const NEAR_US = 2 * SECOND_US
const STATEMENTS_TO_WARM_UP = 30

/** Hours without a rollup, while ingest went on: how soon live candles come, and all. */
export async function measureOutage(run: BenchRun, options: CatchupOptions): Promise<Results> {
  const { minutes, outageMinutes, fullDays } = options
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  const fromUs = floorTo(Date.now() * 1000, MINUTE_US) - outageMinutes * MINUTE_US
  // The candles are those of the moment when rollup went down.
  await fillFullDays(world, Math.max(1, fullDays), run, fromUs)
  const feedFromUs = await liveThroughOutage(world, fromUs, run)
  const { vector } = ticksState(await loadTable(world.services.catalog, TICKS_TABLE))
  if (options.isBusy) startBusyLoop(run)

  const pipeline = await Pipeline.start(world, run, options, {
    fromMs: feedFromUs / 1000,
    ticksFromMs: fromUs / 1000,
  })
  const { live } = pipeline
  live.begin('during')
  // The first rollup is called when the present minute ends.
  const onMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
  await pipeline.minutes(1)
  const [first] = live.measured
  const caughtUp = await pipeline.catchUp(vector)
  live.begin('after')
  await pipeline.minutes(minutes)

  const verified_ticks = await pipeline.verify()
  return {
    outage: {
      outage_minutes: outageMinutes,
      full_days: fullDays,
      commits_missed: Math.round((feedFromUs - fromUs) / SECOND_US),
      first_live_candles_s: secondsBetween(onMs, first!.minuteMs + MINUTE_MS + first!.delayMs),
      right_s: secondsBetween(onMs, caughtUp.right.atMs),
      published_s: secondsBetween(onMs, caughtUp.publishedAtMs),
      ...pipeline.figures(),
      verified_ticks,
    },
    ...delaysByPhase(live.measured),
    'during : after': againstUsual(live.measured, 'during', 'after'),
  }
}

/** Ticks come in from a moment until now, a commit a second, by ingest's own code. Gives the first second that is left. */
async function liveThroughOutage(world: BenchWorld, fromUs: Micros, run: BenchRun): Promise<Micros> {
  const { services, sandbox } = world
  let doneUs = await takeInUntilNow(world, fromUs, run)
  for (let i = 0; i < STATEMENTS_TO_WARM_UP; i++) {
    await computeLastMinute(services, floorTo(doneUs, MINUTE_US))
  }
  doneUs = await takeInUntilNow(world, doneUs, run)
  // As the event source has left it, that goes on now.
  const config = readConfig({ ...sandbox.env, STAGE: 'local' })
  const { positions } = ticksState(await loadTable(services.catalog, TICKS_TABLE)).vector
  const offsets = new Map(positions.map(({ partition, next }) => [partition, next]))
  await setGroupOffsets(
    kafkaClient(config.kafka),
    config.settings.ingestGroup,
    services.settings.ticksTopic,
    offsets,
  )
  return doneUs
}

async function takeInUntilNow({ services }: BenchWorld, fromUs: Micros, run: BenchRun): Promise<Micros> {
  let doneUs = fromUs
  for (;;) {
    const nowUs = floorTo(Date.now() * 1000, SECOND_US)
    if (nowUs - doneUs < NEAR_US) return doneUs
    const toUs = Math.min(nowUs, doneUs + PIECE_US)
    await feedSeconds(services, { symbols: SYMBOLS, liveEverySeconds: 1 }, { fromUs: doneUs, toUs })
    doneUs = toUs
    run.progress(
      `  ingest alone: ${Math.round((doneUs - fromUs) / SECOND_US).toLocaleString('en-US')} commits`,
    )
  }
}
