import { copyFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { FAKE_SOURCE, fakeInstruments } from '../../lib/produce/fakeTicks.ts'
import type { Offline } from '../../sandbox/offline.ts'
import type { BenchRun, Results } from '../benches.ts'
import { againstUsual, delaysByPhase, LiveMinutes, MAX_DELAY_S, MINUTE_MS } from '../catchup/liveMinutes.ts'
import { SEED } from '../history/spec.ts'
import { Arrivals } from '../latency/arrivals.ts'
import { Feed } from '../latency/feed.ts'
import { pipelineOffline } from '../offline.ts'
import { usageOf, usageOfSession } from '../processTree.ts'
import { serversCpuMs } from '../rollup/serversCpu.ts'
import { rounded } from '../table.ts'
import { until } from '../until.ts'
import { type BenchWorld, openWorld } from '../world.ts'
import type { Question } from './candlesAnswer.ts'
import { checkAnswers } from './checkAnswers.ts'
import { GOALS, loadsFigures, looksFigures } from './figures.ts'
import { layHistory, paceOf } from './history.ts'
import type { ViewersOptions } from './options.ts'
import { ProcessWatch } from './processWatch.ts'
import { Visitors } from './visitors.ts'

/** Minutes that are not measured, as all caches are still cold. */
const WARM_UP_MINUTES = 2
/** The second of a minute at which the viewers come: their first looks coincide with the minute's end. */
const COME_AT_S = 57
/** The interval at which new candles are looked for: with many symbols each search takes a while. */
const FOLLOW_EVERY_MS = 1_000

/** Makes one run: servers, history and live ticks of `symbols` symbols, first without viewers and then with them. */
export async function viewSymbols(
  run: BenchRun,
  options: ViewersOptions,
  symbols: number,
): Promise<{ readonly results: Results; readonly wrong: number }> {
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  const history_s = await layHistory(world, symbols, options, run)
  const pipeline = await startPipeline(world, run, options, symbols)
  const { live, offline } = pipeline
  await pipeline.minutes(WARM_UP_MINUTES)
  live.begin('without viewers')
  await pipeline.minutes(options.minutes)
  const usual = memoryOf(offline)

  await secondOfMinute(COME_AT_S)
  live.begin('with viewers')
  const visitors = new Visitors(run)
  const origin = `http://127.0.0.1:${world.sandbox.settings.ports.http}`
  const watch = new ProcessWatch(offline.pid!)
  run.onEnd.defer(() => watch.stop())
  const used = await cpuDuring(world, offline, async () => {
    run.progress(`${options.viewers} viewers for ${options.seconds} s …`)
    const instruments = instrumentsOf(options.viewers, symbols)
    const viewed = await visitors.view({ origin, instruments, seconds: options.seconds })
    run.progress(`${options.loads} page loads …`)
    return { viewed, loaded: await visitors.load({ origin, loads: options.loads }) }
  })
  watch.stop()
  const { viewed, loaded } = used.result
  const delays = await pipeline.delays()
  const checked = await checkAnswers(world.services, viewed, options, run)
  const results = {
    'first looks': looksFigures(viewed.first, GOALS.firstLookP95Ms),
    'other timeframes': looksFigures(viewed.others, GOALS.firstLookP95Ms),
    'later looks': looksFigures(viewed.later, GOALS.laterLookP95Ms),
    'page loads': loadsFigures(loaded.loads, loaded.files),
    ...delays,
    functions: {
      peak_rss_mb: mb(usageOf(offline.pid!).peakBytes),
      goal_peak_rss_mb: GOALS.memoryMb,
      peak_rss_before_viewers_mb: usual,
      threads_max: watch.threads,
      cpu_s: rounded(used.functionsS, 1),
    },
    servers: { trino_cpu_s: rounded(used.trinoS, 1), store_cpu_s: rounded(used.storeS, 1) },
    run: {
      wall_s: rounded(used.wallS, 1),
      history_s,
      live_sent_late_ms: pipeline.feed.lateMs,
      answers_checked: checked.answers,
      answers_wrong: checked.wrong,
    },
  }
  return { results, wrong: checked.wrong }
}

/** Starts live ticks and all functions, and follows their candles minute by minute. */
async function startPipeline(world: BenchWorld, run: BenchRun, options: ViewersOptions, symbols: number) {
  const pace = paceOf(symbols)
  const kafka = kafkaClient(readConfig({ ...world.sandbox.env, STAGE: 'local' }).kafka)
  const arrivals = await Arrivals.listen(kafka, world.services.settings.candleTopicPrefix)
  run.onEnd.defer(() => arrivals.stop())
  run.progress('sls offline …')
  const offline = pipelineOffline(world, run)
  const { logFile } = options
  if (logFile !== undefined) run.onEnd.defer(() => copyFileSync(offline.logFile, `${logFile}.${symbols}`))
  await offline.start(new AbortController().signal)
  const feed = new Feed(world, { pace })
  run.onEnd.defer(() => feed.stop())
  // The first minute that has all its ticks.
  const firstMs = Math.ceil((Date.now() + pace.everyMs) / MINUTE_MS) * MINUTE_MS
  const live = new LiveMinutes(arrivals, firstMs, run.progress, pace)
  const measuredUntil = (endMs: number) =>
    until('the candles of all minutes', (endMs - Date.now()) / 1000 + MAX_DELAY_S, async () => {
      await sleep(FOLLOW_EVERY_MS)
      if (Date.now() < endMs) return undefined
      live.look()
      return live.isMeasuredUntil(endMs) ? true : undefined
    })
  return {
    feed,
    live,
    offline,
    /** Waits for the candles of `count` more minutes. */
    minutes: async (count: number) => {
      const nowMs = Math.max(firstMs, Date.now())
      await measuredUntil((Math.floor(nowMs / MINUTE_MS) + count) * MINUTE_MS)
    },
    /** The delays of all minutes that have ended. */
    delays: async (): Promise<Results> => {
      await measuredUntil(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS)
      const delays = delaysByPhase(live.measured)
      return {
        ...Object.fromEntries(Object.entries(delays).map(([phase, of]) => [`rollup ${phase}`, of])),
        'with : without': {
          ...againstUsual(live.measured, 'with viewers', 'without viewers'),
          goal_max_later_than_p50_ms: GOALS.rollupLaterMs,
        },
      }
    },
  }
}

/** The symbol of each viewer, all different as long as there are enough symbols. */
function instrumentsOf(viewers: number, symbols: number): Pick<Question, 'source' | 'symbol'>[] {
  const names = fakeInstruments(SEED, symbols)
    .map(({ symbol }) => symbol)
    .sort()
  const step = Math.max(1, Math.floor(symbols / viewers))
  return Array.from({ length: viewers }, (_, i) => ({
    source: FAKE_SOURCE,
    symbol: names[(i * step) % symbols]!,
  }))
}

async function cpuDuring<Result>(world: BenchWorld, offline: Offline, work: () => Promise<Result>) {
  const cpuMs = () => ({ functions: usageOfSession(offline.pid!).cpuS * 1000, ...serversCpuMs(world) })
  const startedMs = performance.now()
  const before = cpuMs()
  const result = await work()
  const after = cpuMs()
  const seconds = (name: keyof typeof before) => (after[name] - before[name]) / 1000
  return {
    result,
    wallS: (performance.now() - startedMs) / 1000,
    functionsS: seconds('functions'),
    trinoS: seconds('trino'),
    storeS: seconds('store'),
  }
}

async function secondOfMinute(second: number): Promise<void> {
  await sleep((second * 1000 - (Date.now() % MINUTE_MS) + MINUTE_MS) % MINUTE_MS)
}

function memoryOf(offline: Offline): number {
  return mb(usageOf(offline.pid!).peakBytes)
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6)
}
