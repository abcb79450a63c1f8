import type { BenchRun, Results } from '../benches.ts'
import { usageOfSession } from '../processTree.ts'
import { serversCpuMs } from '../rollup/serversCpu.ts'
import { rounded } from '../table.ts'
import { openWorld } from '../world.ts'
import { fillFullDays } from './fullDays.ts'
import { LateFeed } from './lateFeed.ts'
import { againstUsual, delaysByPhase, MINUTE_MS } from './liveMinutes.ts'
import { countLongCandles } from './longCandles.ts'
import type { CatchupOptions } from './options.ts'
import { Pipeline } from './pipeline.ts'

/** A day that has ended is closed within this. */
const CLOSES_WITHIN_MS = 90_000

/** Late ticks all the time: half of the time live ticks alone, then both; what the late ones cost. */
export async function measureTrickle(run: BenchRun, options: CatchupOptions): Promise<Results> {
  const { minutes, fullDays } = options
  const half = Math.floor(minutes / 2)
  const world = await openWorld(run, ['kafka', 'seaweedfs', 'trino'])
  await fillFullDays(world, fullDays, run)
  const pipeline = await Pipeline.start(world, run, options)
  const { live } = pipeline
  await pipeline.warmUp(options)
  live.begin('without')
  const without = await shareOfCore(pipeline, () => pipeline.minutes(half))

  live.begin('with')
  const late = new LateFeed(world)
  run.onEnd.defer(() => late.stop())
  const open: number[] = []
  const during = await shareOfCore(pipeline, async () => {
    for (let minute = 0; minute < half; minute++) {
      await pipeline.minutes(1)
      open.push((await longCandles(pipeline)).open)
    }
  })
  await late.stop()
  live.begin('after')

  const verified_ticks = await pipeline.verify()
  const end = await longCandles(pipeline)
  return {
    trickle: {
      minutes_each: half,
      full_days: fullDays,
      late_ticks: late.sent,
      late_percent_of_core: rounded(
        during.functions_percent + during.trino_percent - without.functions_percent - without.trino_percent,
        1,
      ),
      long_candles: end.over,
      long_candles_open_max: Math.max(0, ...open),
      long_candles_open_end: end.open,
      ...pipeline.figures(),
      verified_ticks,
    },
    ...merged(delaysByPhase(live.measured), { without, with: during }),
    'with : without': againstUsual(live.measured, 'with', 'without'),
  }
}

function longCandles({ world }: Pipeline) {
  return countLongCandles(world.services, (Date.now() - CLOSES_WITHIN_MS) * 1000)
}

/** The CPU that processes used meanwhile, in percent of one core. */
async function shareOfCore({ world, offline }: Pipeline, work: () => Promise<void>) {
  const cpuMs = () => ({ functions: usageOfSession(offline.pid!).cpuS * 1000, ...serversCpuMs(world) })
  const startedMs = performance.now()
  const before = cpuMs()
  await work()
  const after = cpuMs()
  const wallMs = performance.now() - startedMs
  const percent = (name: keyof typeof before) => rounded(((after[name] - before[name]) / wallMs) * 100, 1)
  return {
    functions_percent: percent('functions'),
    trino_percent: percent('trino'),
    store_percent: percent('store'),
    wall_minutes: rounded(wallMs / MINUTE_MS),
  }
}

function merged(delays: Results, shares: Results): Results {
  const phases = [...new Set([...Object.keys(delays), ...Object.keys(shares)])]
  return Object.fromEntries(phases.map(phase => [phase, { ...delays[phase], ...shares[phase] }]))
}
