import { copyFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { bucketStart, timeframeOf } from '../../lib/market/timeframe.ts'
import { readMark } from '../../lib/publish/publishCandles.ts'
import { isReached } from '../../lib/publish/sendingOrder.ts'
import { type CandlesState, candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import type { OffsetVector } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, type TicksState, ticksState } from '../../lib/tables/ticksTable.ts'
import type { Offline } from '../../sandbox/offline.ts'
import type { BenchRun } from '../benches.ts'
import { computeLastMinute } from '../lastMinute.ts'
import { Arrivals } from '../latency/arrivals.ts'
import { Feed } from '../latency/feed.ts'
import { pipelineOffline } from '../offline.ts'
import { usageOf } from '../processTree.ts'
import { rounded } from '../table.ts'
import { until } from '../until.ts'
import { verifyCandles } from '../verifyCandles.ts'
import type { BenchWorld } from '../world.ts'
import { startBusyLoop } from './busyLoop.ts'
import { type CaughtUp, caughtUpWith, endsOf, mostStaleHours } from './caughtUp.ts'
import { readWarnings } from './functionsLog.ts'
import { LiveMinutes, MAX_DELAY_S, MINUTE_MS } from './liveMinutes.ts'
import type { CatchupOptions } from './options.ts'
import { SnapshotWatch } from './snapshotWatch.ts'

/** To catch up takes so long at most, from the moment when all ticks are in the table. */
export const MAX_CATCH_UP_S = 1_800
/** The first whole minutes find everything cold. */
const WARM_UP_MINUTES = 2
const STATEMENTS_TO_WARM_UP = 30

/** Where the live feed begins, and where its ticks lie. */
export interface LiveStart {
  readonly fromMs?: number
  /** Since when there are live ticks, the table's among them; since the feed began unless said. */
  readonly ticksFromMs?: number
  readonly partition?: number
}

/** The real pipeline at work, live ticks beside it, and what is to be seen of it. */
export class Pipeline {
  readonly world: BenchWorld
  readonly live: LiveMinutes
  readonly candles: SnapshotWatch<CandlesState>
  readonly ticks: SnapshotWatch<TicksState>
  readonly offline: Offline
  readonly #feed: Feed
  readonly #run: BenchRun

  /** Live ticks begin, then the functions. */
  static async start(
    world: BenchWorld,
    run: BenchRun,
    { logFile }: CatchupOptions,
    start: LiveStart = {},
  ): Promise<Pipeline> {
    const feedFromMs = start.fromMs ?? Date.now()
    const kafka = kafkaClient(readConfig({ ...world.sandbox.env, STAGE: 'local' }).kafka)
    // Candles of the past are many, and of no use here.
    const arrivals = await Arrivals.listen(
      kafka,
      world.services.settings.candleTopicPrefix,
      (timeframe, startMs) => startMs * 1000 >= bucketStart(timeframeOf(timeframe), feedFromMs * 1000),
    )
    run.onEnd.defer(() => arrivals.stop())
    const feed = new Feed(world, start)
    run.onEnd.defer(() => feed.stop())
    run.progress('sls offline …')
    const offline = pipelineOffline(world, run)
    if (logFile !== undefined) run.onEnd.defer(() => copyFileSync(offline.logFile, logFile))
    await offline.start(new AbortController().signal)
    feed.lateMs = 0
    // The first minute whose end the functions see, unless it has ticks in a part of it only.
    const nextMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
    const isWhole = (start.ticksFromMs ?? feedFromMs) <= nextMs - MINUTE_MS
    const live = new LiveMinutes(arrivals, isWhole ? nextMs - MINUTE_MS : nextMs, run.progress)
    return new Pipeline({ world, run, live, offline, feed })
  }

  private constructor(parts: {
    world: BenchWorld
    run: BenchRun
    live: LiveMinutes
    offline: Offline
    feed: Feed
  }) {
    const { catalog } = parts.world.services
    this.world = parts.world
    this.live = parts.live
    this.offline = parts.offline
    this.#feed = parts.feed
    this.#run = parts.run
    this.candles = new SnapshotWatch(() => loadTable(catalog, CANDLES_TABLE), candlesState)
    this.ticks = new SnapshotWatch(() => loadTable(catalog, TICKS_TABLE), ticksState)
  }

  /** Waits as `until` does, and follows candles and tables meanwhile. */
  until<Found>(what: string, deadlineS: number, check: () => Promise<Found | undefined>): Promise<Found> {
    return until(what, deadlineS, async () => {
      this.live.look()
      await Promise.all([this.candles.look(), this.ticks.look()])
      return check()
    })
  }

  /** Two minutes that are not counted, with statements that warm Trino up; then the busy loop begins, if there is one. */
  async warmUp({ isBusy }: CatchupOptions): Promise<void> {
    await this.#followed(1)
    const endUs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS * 1000
    for (let i = 0; i < STATEMENTS_TO_WARM_UP; i++) await computeLastMinute(this.world.services, endUs)
    await this.#followed(WARM_UP_MINUTES)
    this.#feed.lateMs = 0
    if (isBusy) startBusyLoop(this.#run)
  }

  /** The first so many minutes have been followed to their end. */
  async #followed(count: number): Promise<void> {
    await this.until(`the candles of the first ${count} minutes`, MAX_DELAY_S, async () => {
      return this.live.measured.length >= count ? true : undefined
    })
  }

  /** So many more minutes end, and all candles up to there are on Kafka. */
  async minutes(count: number): Promise<void> {
    const endMs = (Math.floor(Date.now() / MINUTE_MS) + count) * MINUTE_MS
    const waitS = (endMs - Date.now()) / 1000
    await this.until(`the candles of ${count} minutes`, waitS + MAX_DELAY_S, async () => {
      return Date.now() >= endMs && this.live.isMeasuredUntil(endMs) ? true : undefined
    })
  }

  /** Waits for a second of a minute. */
  async second(of: number): Promise<void> {
    const intoMinuteMs = Date.now() % MINUTE_MS
    await sleep((of * 1000 - intoMinuteMs + MINUTE_MS) % MINUTE_MS)
  }

  /** All that Kafka has of ticks. */
  async ends(): Promise<OffsetVector> {
    const { topicLog, settings } = this.world.services
    return endsOf(await topicLog.offsets(settings.ticksTopic))
  }

  /** Waits until the candles hold all ticks below the ends and no hour is stale, and then until publish has sent it all. */
  async catchUp(ends: OffsetVector): Promise<CaughtUp & { readonly publishedAtMs: number }> {
    const caughtUp = await this.until('no hour is stale', MAX_CATCH_UP_S, async () =>
      caughtUpWith(this.candles.commits, ends),
    )
    const publishedAtMs = await this.until('all of it is published', MAX_CATCH_UP_S, async () => {
      const mark = await readMark(this.world.services)
      return mark && isReached(mark, caughtUp.right.state.stampUs) ? Date.now() : undefined
    })
    return { ...caughtUp, publishedAtMs }
  }

  /** The live ticks end; when all are in, every candle is held to its ticks. Gives how many ticks. */
  async verify(): Promise<number> {
    await this.#feed.stop()
    const ends = await this.ends()
    await this.until('all ticks are in, and no hour is stale', MAX_CATCH_UP_S, async () => {
      const newest = this.candles.commits.at(-1)
      return newest && caughtUpWith([newest], ends)
    })
    this.#run.progress('every candle against its ticks …')
    return verifyCandles(this.world.services, {})
  }

  /** What the run was like, whatever it measured. */
  figures() {
    const warnings = readWarnings(this.offline.logFile)
    for (const [text, count] of warnings) this.#run.progress(`${count} × ${text}`)
    return {
      hours_stale_max: mostStaleHours(this.candles.commits),
      functions_peak_rss_mb: Math.round(usageOf(this.offline.pid ?? 0).peakBytes / 1e6),
      warnings: [...warnings.values()].reduce((sum, count) => sum + count, 0),
      live_sent_late_ms: this.#feed.lateMs,
    }
  }
}

/** From one moment to another, in seconds. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return rounded((toMs - fromMs) / 1000, 1)
}
