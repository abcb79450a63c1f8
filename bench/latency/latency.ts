import { kafkaClient } from '../../lib/kafka/client.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { floorTo, MINUTE_US } from '../../lib/market/time.ts'
import { computeCandles } from '../../lib/steps/computeCandles.ts'
import { loadInputs } from '../../lib/steps/rollupInputs.ts'
import { verify } from '../../lib/verify/verify.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { buildHistory } from '../history/buildHistory.ts'
import { passLogs } from '../history/passLogs.ts'
import { publishedBeforeLastDay } from '../history/publishedBefore.ts'
import { DEFAULT_HISTORY } from '../history/spec.ts'
import { pipelineOffline } from '../offline.ts'
import { percentile } from '../percentile.ts'
import { type BenchWorld, openWorld } from '../sandbox.ts'
import { BenchFailed, until } from '../until.ts'
import { Arrivals } from './arrivals.ts'
import { Feed } from './feed.ts'
import { minuteDelayMs, nextMinuteMs } from './minuteDelay.ts'
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
  const minutes = wholeNumber(run, 'minutes', 15, 1)
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

  const startMs = nextMinuteMs(Date.now())
  for (let i = 0; i < WARM_UP_MINUTES; i++) await measureMinute(arrivals, startMs + i * MINUTE_MS)
  const measured: MeasuredMinute[] = []
  for (
    let minuteMs = startMs + WARM_UP_MINUTES * MINUTE_MS;
    measured.length < minutes;
    minuteMs += MINUTE_MS
  ) {
    const delayMs = await measureMinute(arrivals, minuteMs)
    const stages = await until('rollup and publish have said what they did', DEADLINE_S, async () =>
      stagesOf(readLog(offline.logFile), minuteMs + MINUTE_MS, delayMs),
    )
    run.progress(`${new Date(minuteMs).toISOString().slice(11, 16)}  ${delayMs} ms  ${inWords(stages)}`)
    measured.push({ delayMs, stages })
  }
  await feed.stop()
  await verifyAll(world, run, startMs)
  return resultsOf(measured, feed)
}

interface MeasuredMinute {
  readonly delayMs: number
  readonly stages: MinuteStages
}

function wholeNumber(
  { values }: BenchRun,
  name: 'minutes' | 'history',
  fallback: number,
  least: number,
): number {
  const number = Number(values[name] ?? fallback)
  if (Number.isInteger(number) && number >= least) return number
  throw new BenchFailed(`--${name} ${values[name]}: a whole number from ${least} is wanted`)
}

/** So many days of a tick a minute and symbol, up to now; all but the last day is on Kafka no longer, or was never. */
async function liveThrough(world: BenchWorld, days: number, run: BenchRun): Promise<void> {
  run.progress(`a history of ${days} days …`)
  const spec = { ...DEFAULT_HISTORY, days, endUs: floorTo(Date.now() * 1000, MINUTE_US) }
  const { vector } = await buildHistory(world.services, spec, run.progress)
  await publishedBeforeLastDay(world.services)
  await warmTrino(world, spec.endUs)
  await passLogs(world.sandbox, new Map([[world.services.settings.ticksTopic, vector]]))
}

/** The minute's statement over and over: a Trino that has just started is slow, one that has run for an hour is not. */
async function warmTrino({ services }: BenchWorld, endUs: number): Promise<void> {
  const inputs = await loadInputs(services)
  const minutes = [{ fromUs: endUs - MINUTE_US, toUs: endUs }]
  for (let i = 0; i < STATEMENTS_TO_WARM_UP; i++)
    await computeCandles(services, { ...inputs, vector: inputs.ticksVector, minutes })
}

async function measureMinute(arrivals: Arrivals, minuteMs: number): Promise<number> {
  const patienceS = (minuteMs + MINUTE_MS - Date.now()) / 1000 + DEADLINE_S
  const what = `the candles of ${new Date(minuteMs).toISOString()} are complete on Kafka`
  return until(what, patienceS, async () => minuteDelayMs(arrivals.all, minuteMs))
}

async function verifyAll({ services }: BenchWorld, run: BenchRun, fromMs: number): Promise<void> {
  run.progress('every candle against its ticks …')
  const findings = await verify(services, { fromUs: fromMs * 1000 }, () => undefined)
  if (findings.differenceCount > 0 || findings.ticks === 0)
    throw new BenchFailed(`verify: ${findings.differenceCount} differences in ${findings.ticks} ticks`)
}

function inWords(stages: MinuteStages): string {
  return Object.entries(stages)
    .map(([stage, ms]) => `${stage} ${ms}`)
    .join(', ')
}

function resultsOf(measured: readonly MeasuredMinute[], { lateMs }: Feed): Results {
  const names = [...new Set(measured.flatMap(({ stages }) => Object.keys(stages)))]
  const delays = percentiles(measured.map(({ delayMs }) => delayMs))
  return {
    latency: { minutes: measured.length, ...delays, sent_late_ms: lateMs },
    ...Object.fromEntries(
      names.map(name => [name, percentiles(measured.map(({ stages }) => stages[name] ?? 0))]),
    ),
  }
}

function percentiles(figures: readonly number[]) {
  const sorted = figures.toSorted((a, b) => a - b)
  return { p50_ms: percentile(sorted, 0.5), p95_ms: percentile(sorted, 0.95), max_ms: percentile(sorted, 1) }
}
