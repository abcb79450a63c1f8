import { candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { ingestAll, ingestSome, rollUp } from './callSteps.ts'
import { chance, DAY_MS, HOUR_MS, MINUTE_MS, type Step } from './step.ts'
import { liveTicks } from './tickSteps.ts'
import { WELL } from './trinoMood.ts'
import type { SimWorld } from './world.ts'
import { moment, must } from './wrong.ts'

/** Time passes until a moment after the next whole minute. */
export function toNextMinute({ time }: SimWorld, afterMs: number): void {
  time.pass(MINUTE_MS - (time.wallMs % MINUTE_MS) + afterMs)
}

function passing(name: string, fromMs: number, toMs: number): Step {
  return async ({ time }, random) => {
    time.pass(random.int(fromMs, toMs))
    return `${name} pass: it is ${new Date(time.wallMs).toISOString()}`
  }
}

export const seconds = passing('seconds', 100, 40_000)
export const minutes = passing('minutes', MINUTE_MS, 20 * MINUTE_MS)
export const hours = passing('hours', HOUR_MS, 8 * HOUR_MS)
export const days = passing('days', DAY_MS, 9 * DAY_MS)

/** Somebody sets the clock, mostly by little. */
export const clockStep: Step = async ({ time }, random) => {
  const mostMs = random.pick([MINUTE_MS, 10 * MINUTE_MS, 3 * HOUR_MS, 30 * HOUR_MS])
  time.set(time.wallMs + random.int(-mostMs, mostMs))
  return `the clock is set to ${new Date(time.wallMs).toISOString()}`
}

/** What happens each minute: ticks come, are ingested, and rolled up. */
export const ordinaryMinute: Step = async (world, random) => {
  const ticks = liveTicks(world, random)
  toNextMinute(world, random.pick([0, 300, 800, 2_500]))
  if (chance(random, 0.9)) await ingestAll(world, random)
  return `a minute with ${ticks} ticks; ${await rollUp(world, random)}`
}

/** Minutes in which ingest takes in less than comes: what is due waits. */
export const laggingMinutes: Step = async (world, random) => {
  const minutes = random.int(3, 10)
  for (let i = 0; i < minutes; i++) {
    liveTicks(world, random)
    toNextMinute(world, 800)
    await ingestSome(world, random, 1, 0.5)
    await rollUp(world, random)
  }
  return `${minutes} minutes in which ingest lags`
}

/** Minutes in which ingest is behind all the time, by less than a minute: what is due closes a minute late. */
export const minuteBehind: Step = async (world, random) => {
  const minutes = random.int(3, 6)
  for (let i = 0; i < minutes; i++) {
    toNextMinute(world, 800)
    await ingestAll(world, random)
    liveTicks(world, random)
    await rollUp(world, random)
  }
  const { closedUntilUs } = candlesState(await world.catalog.loadTable(CANDLES_TABLE))
  const leastUs = (Math.floor(world.time.wallMs / MINUTE_MS) - 1) * MINUTE_MS * 1000
  must(
    closedUntilUs >= leastUs || world.mood.trino !== WELL,
    'pending closes are kept',
    () => `closed until ${moment(closedUntilUs)}`,
  )
  return `${minutes} minutes in which ingest is behind`
}

/** Trino is slow, short of memory, or away; or well again. */
export const trino: Step = async ({ mood }, random) => {
  mood.trino = random.pick([
    WELL,
    WELL,
    { ...WELL, msPerMinute: random.pick([2, 20, 200]) },
    { ...WELL, maxMinutes: random.pick([5, 31, 61, 300]) },
    { ...WELL, maxDiffering: random.pick([10, 31, 61, 300]) },
    { ...WELL, badHours: random.pick([2, 5]) },
    { ...WELL, isAway: true },
  ])
  const { isAway, ...other } = mood.trino
  const changed = Object.entries(other).filter(([name, value]) => value !== WELL[name as keyof typeof WELL])
  return `Trino: ${isAway ? 'away' : changed.map(([name, value]) => `${name} ${value}`).join() || 'well'}`
}
