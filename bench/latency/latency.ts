import { kafkaClient } from '../../lib/kafka/client.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { floorTo, MINUTE_US } from '../../lib/market/time.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { passLogs } from '../history/passLogs.ts'
import { publishedBeforeLastDay } from '../history/publishedBefore.ts'
import { DEFAULT_HISTORY } from '../history/spec.ts'
import { computeLastMinute } from '../lastMinute.ts'
import { pipelineOffline } from '../offline.ts'
import { wholeNumber } from '../options.ts'
import { percentilesMs } from '../percentile.ts'
import { until } from '../until.ts'
import { verifyCandles } from '../verifyCandles.ts'
import { type BenchWorld, openWorld } from '../world.ts'
import { Arrivals } from './arrivals.ts'
import { Feed } from './feed.ts'
import { minuteDelayMs } from './minuteDelay.ts'
import { type MinuteStages, readLog, stagesOf } from './stages.ts'

/** How long after its end a minute's candles may still come, on the busiest machine. */
const DEADLINE_S = 120
const MINUTE_MS = 60_000
const STATEMENTS_TO_WARM_UP = 30
/** The first whole minutes find everything cold, as only the first ones after a start do. */
const WARM_UP_MINUTES = 2

/** How long after a minute its candles are on Kafka. */
export const latency: Bench = {
  usage:
    '20 symbols, a tick a second: from a minute’s end to its closed candles on Kafka. --minutes N (15) --history DAYS (365)',
  options: { minutes: { type: 'string' }, history: { type: 'string' } },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const minutes = wholeNumber(run, 'minutes', 15)
  const days = wholeNumber(run, 'history', 365, 0)
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  if (days > 0) await liveThrough(world, days, run)
  run.progress('sls offline …')
  const offline = pipelineOffline(world, run)
  await offline.start(new AbortController().signal)
  const kafka = kafkaClient(readConfig({ ...world.sandbox.env, STAGE: 'local' }).kafka)
  const arrivals = await Arrivals.listen(kafka, world.services.settings.candleTopicPrefix)
  run.onEnd.defer(() => arrivals.stop())
  const feed = new Feed(world)
  run.onEnd.defer(() => feed.stop())

  const startMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
  const measured: MeasuredMinute[] = []
  for (let minute = 0; minute < WARM_UP_MINUTES + minutes; minute++) {
    const minuteMs = startMs + minute * MINUTE_MS
    const delayMs = await measureMinute(arrivals, minuteMs)
    if (minute < WARM_UP_MINUTES) continue
    const stages = await until('rollup and publish have said what they did', DEADLINE_S, async () =>
      stagesOf(readLog(offline.logFile), minuteMs + MINUTE_MS, delayMs),
    )
    run.progress(`${new Date(minuteMs).toISOString().slice(11, 16)}  ${delayMs} ms  ${inWords(stages)}`)
    measured.push({ delayMs, stages })
  }
  await feed.stop()
  run.progress('every candle against its ticks …')
  await verifyCandles(world.services, { fromUs: startMs * 1000 })
  return resultsOf(measured, feed)
}

interface MeasuredMinute {
  readonly delayMs: number
  readonly stages: MinuteStages
}

/** So many days of a tick a minute and symbol, up to now; all but the last day is on Kafka no longer, or was never. */
async function liveThrough(world: BenchWorld, days: number, run: BenchRun): Promise<void> {
  run.progress(`a history of ${days} days …`)
  const spec = { ...DEFAULT_HISTORY, days, endUs: floorTo(Date.now() * 1000, MINUTE_US) }
  const { vector } = await buildHistory(world.services, spec, run.progress)
  await publishedBeforeLastDay(world.services)
  // A Trino that has just started is slow, one that has run for an hour is not.
  for (let i = 0; i < STATEMENTS_TO_WARM_UP; i++) await computeLastMinute(world.services, spec.endUs)
  await passLogs(world.sandbox, new Map([[world.services.settings.ticksTopic, vector]]))
}

async function measureMinute(arrivals: Arrivals, minuteMs: number): Promise<number> {
  const patienceS = (minuteMs + MINUTE_MS - Date.now()) / 1000 + DEADLINE_S
  const what = `the candles of ${new Date(minuteMs).toISOString()} are complete on Kafka`
  return until(what, patienceS, async () => minuteDelayMs(arrivals.all, minuteMs))
}

function inWords(stages: MinuteStages): string {
  return Object.entries(stages)
    .map(([stage, ms]) => `${stage} ${ms}`)
    .join(', ')
}

function resultsOf(measured: readonly MeasuredMinute[], { lateMs }: Feed): Results {
  const names = [...new Set(measured.flatMap(({ stages }) => Object.keys(stages)))]
  const delays = percentilesMs(measured.map(({ delayMs }) => delayMs))
  return {
    latency: { minutes: measured.length, ...delays, sent_late_ms: lateMs },
    ...Object.fromEntries(
      names.map(name => [name, percentilesMs(measured.map(({ stages }) => stages[name] ?? 0))]),
    ),
  }
}
