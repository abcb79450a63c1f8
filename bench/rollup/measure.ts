import { maintain } from '../../lib/maintain/maintain.ts'
import { MINUTE_US } from '../../lib/market/time.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import type { BenchRun } from '../benches.ts'
import { computeLastMinute } from '../lastMinute.ts'
import { median } from '../median.ts'
import { percentilesMs } from '../percentile.ts'
import { rounded } from '../table.ts'
import { BenchFailed } from '../until.ts'
import type { BenchWorld } from '../world.ts'
import { feedMinute } from './feed.ts'
import type { MeasuredHistory } from './measuredHistory.ts'
import { type RolledUp, type Roller, startRoller } from './roller.ts'
import { serversCpuMs } from './serversCpu.ts'
import { type StatementStats, statementsSince } from './trinoStats.ts'

/** What one minute's rollup took, everywhere. */
interface Taken extends RolledUp {
  /** Of Trino's process, whatever it did meanwhile. */
  readonly trinoCpuMs: number
  readonly storeCpuMs: number
  readonly statement: StatementStats
}

/** Caches fill. */
const WARM_UP_ROUNDS = 3
/** As `maintain` is scheduled. */
const MAINTAIN_EVERY = 5

/** Rolls up minute after minute on each history by turns; gives the medians of `rounds` by history. */
export async function measureRollups(
  world: BenchWorld,
  histories: readonly MeasuredHistory[],
  { warmUps, rounds }: { readonly warmUps: number; readonly rounds: number },
  run: BenchRun,
) {
  const rollers = new Map<MeasuredHistory, Roller>()
  for (const history of histories) rollers.set(history, await startRoller(history, run))
  run.progress(`Trino warms up: ${warmUps} statements …`)
  for (let i = 0; i < warmUps; i++) {
    const { services, spec } = histories[i % histories.length]!
    await computeLastMinute(services, spec.endUs)
  }
  const taken = new Map(histories.map(history => [history, [] as Taken[]]))
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    // Nobody is always the first.
    const turn = round % histories.length
    for (const history of [...histories.slice(turn), ...histories.slice(0, turn)]) {
      const once = await takeMinute(world, history, rollers.get(history)!, round)
      if (round >= WARM_UP_ROUNDS) taken.get(history)!.push(once)
      if (round % MAINTAIN_EVERY === MAINTAIN_EVERY - 1) await compact(history, round)
      run.progress(`minute ${round + 1} of ${WARM_UP_ROUNDS + rounds}, ${history.name}: ${shown(once)}`)
    }
  }
  return new Map(
    histories.map(history => {
      const peakBytes = rollers.get(history)!.end()
      const figures = medians(taken.get(history)!)
      const { symbols } = history.spec
      const each = { symbols, cpu_ms_per_symbol: rounded(figures.cpu_ms / symbols) }
      return [history.name, { ...figures, ...each, peak_rss_mb: Math.round(peakBytes / 1e6) }]
    }),
  )
}

async function takeMinute(
  world: BenchWorld,
  history: MeasuredHistory,
  roller: Roller,
  round: number,
): Promise<Taken> {
  const { spec, name, services } = history
  const minuteUs = spec.endUs + round * MINUTE_US
  await feedMinute(history, minuteUs)
  const sinceMs = Date.now()
  const before = serversCpuMs(world)
  const rolledUp = await roller.rollUp((minuteUs + MINUTE_US) / 1000 + services.settings.graceMs)
  const after = serversCpuMs(world)
  // Every timeframe's candle of each symbol, those of m1 closed.
  if (rolledUp.behind > 0 || rolledUp.changed < TIMEFRAMES.length * spec.symbols)
    throw new BenchFailed(`${name}: ${rolledUp.changed} candles changed, ${rolledUp.behind} ticks behind`)
  return {
    ...rolledUp,
    trinoCpuMs: after.trino - before.trino,
    storeCpuMs: after.store - before.store,
    statement: await statementsSince(world, sinceMs, `.${name}.`),
  }
}

/** In the middle of the minute, where its slot is. */
async function compact({ services, spec }: MeasuredHistory, round: number): Promise<void> {
  const nowMs = (spec.endUs + (round + 1.5) * MINUTE_US) / 1000
  await maintain({ ...services, nowMs: () => nowMs }, { only: 'compaction' }, () => 300_000)
}

function medians(taken: readonly Taken[]) {
  const of = (figure: (once: Taken) => number) => median(taken.map(figure))
  return {
    wall_ms: Math.round(of(t => t.wallMs)),
    wall_p95_ms: percentilesMs(taken.map(t => t.wallMs)).p95_ms,
    cpu_ms: Math.round(of(t => t.cpuMs + t.trinoCpuMs)),
    our_cpu_ms: Math.round(of(t => t.cpuMs)),
    trino_cpu_ms: Math.round(of(t => t.trinoCpuMs)),
    statement_cpu_ms: Math.round(of(t => t.statement.cpuMs)),
    store_cpu_ms: Math.round(of(t => t.storeCpuMs)),
    read_kb: Math.round(of(t => (t.readBytes + t.statement.readBytes) / 1000)),
    rows_written: of(t => t.changed),
    rounds: of(t => t.rounds),
  }
}

function shown({ wallMs, cpuMs, trinoCpuMs }: Taken): string {
  return `${Math.round(wallMs)} ms, CPU ${rounded(cpuMs + trinoCpuMs, 0)} ms`
}
