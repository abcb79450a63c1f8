import { bucketEnd, timeframeOf, timeframeOfRemoved } from '../../../lib/market/timeframe.ts'
import { minuteBudget, UNBOUNDED } from '../../../lib/rollup/budget.ts'
import { type RollupResult, rollupCandles } from '../../../lib/rollup/rollupCandles.ts'
import { type CandlesState, candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { TICKS_TABLE } from '../../../lib/tables/ticksTable.ts'
import type { Random } from '../../faults/random.ts'
import type { OracleCandle } from '../../support/foldTicks.ts'
import { ticksOf } from '../../support/memoryRollup.ts'
import { expectedCandles, sorted } from '../../support/oracle.ts'
import { ingestAll } from './callSteps.ts'
import { chance, MINUTE_MS } from './step.ts'
import { markUnmarked } from './tableSteps.ts'
import { toNextMinute } from './timeSteps.ts'
import { WELL } from './trinoMood.ts'
import type { SimWorld } from './world.ts'
import { moment, must } from './wrong.ts'

/** Longer than the longest rest between two sweeps. */
const MINUTES_OF_REST = 8
/** Where more hours are left, Trino is well again: more of the same shows nothing. */
const MANY_HOURS = 5

/** Nothing goes wrong any more, and minutes pass: then nothing may be stale, and every candle is as its ticks say. */
export async function finish(world: SimWorld, random: Random, tell: (line: string) => void): Promise<void> {
  const { kafka, mood, time, settings, judge } = world
  mood.trino = WELL
  mood.coarseCommits = 0
  kafka.end('commit')
  await world.settle()
  await ingestAll(world, random)
  await markUnmarked(world, random)
  const isBounded = chance(random, 0.3)
  // An hour takes up to 48 seconds: only one of them fits into a minute.
  if (isBounded) mood.trino = { ...WELL, msPerMinute: random.int(1, 800) }
  let most = MINUTES_OF_REST
  for (let minute = 1; ; minute++) {
    toNextMinute(world, 700)
    const result = await oneCall(world, random, isBounded)
    tell(`minute ${minute}: ${JSON.stringify(result)}`)
    if (judge.wrong !== undefined) return
    if (result.hoursStale === 0 && minute > 1) break
    if (minute === 1 && isBounded) most += result.hoursStale
    if (result.hoursStale > MANY_HOURS) mood.trino = WELL
    must(
      minute < most,
      'catching up ends',
      () => `${result.hoursStale} hours are stale after ${minute} minutes`,
    )
  }
  const dueUs = Math.floor((time.wallMs - settings.graceMs) / MINUTE_MS) * MINUTE_MS * 1000
  const { closedUntilUs } = await stateOf(world)
  must(closedUntilUs >= dueUs, 'all that is due is closed', () => `closed until ${moment(closedUntilUs)}`)
  await checkAll(world, await stateOf(world))
}

async function stateOf({ catalog }: SimWorld) {
  return candlesState(await catalog.loadTable(CANDLES_TABLE))
}

function oneCall(world: SimWorld, random: Random, isBounded: boolean): Promise<RollupResult> {
  const endMs = performance.now() + 300_000
  const budget = minuteBudget(
    () => world.time.wallMs,
    () => endMs - performance.now(),
  )
  return rollupCandles(world.services(random), isBounded ? budget : UNBOUNDED)
}

/** The judge's own fold is not asked here: the oracle's is, with its own calendar. */
async function checkAll(world: SimWorld, { closedUntilUs, held }: CandlesState): Promise<void> {
  const rows = await world.judge.rows.candles(await world.catalog.loadTable(CANDLES_TABLE))
  const present = rows.filter(({ timeframe }) => timeframeOfRemoved(timeframe) === undefined)
  const follows = (timeframe: string, startUs: number) =>
    !held.touches(startUs, bucketEnd(timeframeOf(timeframe), startUs))
  // Of what is held the ticks are gone, and only its own coarser candles tell whether it is right.
  const stored = present
    .filter(({ timeframe, dateTimeUs }) => follows(timeframe, dateTimeUs))
    .map(row => ({ ...row, start: new Date(row.dateTimeUs / 1000).toISOString() }) as OracleCandle)
  const ticks = await ticksOf({ ...world, nowMs: () => world.time.wallMs })
  const expected = expectedCandles(ticks.map(tick => ({ ...tick, mid: tick.mid + 0 }))).filter(
    ({ timeframe, start }) => follows(timeframe, Date.parse(start) * 1000),
  )
  const found = sorted(stored)
  must(found.length === expected.length, 'the end', () => `${found.length} candles, not ${expected.length}`)
  for (const [i, candle] of expected.entries()) {
    const [is, should] = [JSON.stringify(found[i]), JSON.stringify(candle)]
    must(is === should, 'the end', () => `${is} is not ${should}`)
  }
  for (const { closed, timeframe, dateTimeUs } of present) {
    const isDue = bucketEnd(timeframeOf(timeframe), dateTimeUs) <= closedUntilUs
    must(closed || !isDue, 'the end', () => `${timeframe} ${moment(dateTimeUs)} is open`)
  }
  await world.catalog.loadTable(TICKS_TABLE)
}
