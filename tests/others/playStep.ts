import { TickhouseError } from '../../lib/errors.ts'
import { findingsOf, say } from './findings.ts'
import type { TestTick } from './ledger.ts'
import { type Act, type Moment, type Reach, record, type Step, type TableName } from './steps/step.ts'
import { dayOf, isoOf, monthOf, type Where } from './where.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const FIRST_DAY_MS = Date.UTC(2020, 0, 6)
/** Every case has days of its own, none of which is the oldest of all. */
const DAYS_PER_CASE = 3
const ANCHOR = { source: 'ANCHOR', symbol: 'OLDEST', dateTime: '2019-12-01T00:00:00', mid: 1, number: 1 }

const HOUR = 60
/** Minutes of the day that have ticks from the start, and those that have them when the step comes. */
const EARLY = [9 * HOUR, 10 * HOUR, 10 * HOUR + 1, 10 * HOUR + 30, 13 * HOUR, 24 * HOUR]
const LATE = [9 * HOUR + 1, 11 * HOUR, 11 * HOUR + 1, 11 * HOUR + 59, 24 * HOUR + 1]
/** What the reach `minutes` has: an hour that no new tick touches, and most of one that only new ticks are in. */
const REACH = { from: 10 * HOUR, to: 11 * HOUR + 2 }
const SYMBOLS = ['A', 'B']

/** The ticks of one case, and which of them a step is about. */
class Scene {
  readonly source: string
  readonly #dayMs: number
  #number = 1

  constructor(index: number) {
    this.source = `CASE${index}`
    this.#dayMs = FIRST_DAY_MS + index * DAYS_PER_CASE * DAY_MS
  }

  /** Two ticks of each symbol in each of these minutes. */
  ticks(minutes: readonly number[]): TestTick[] {
    const each = minutes.flatMap(minute => [minute, minute])
    return each.flatMap(minute => SYMBOLS.map(symbol => this.#tick(symbol, minute)))
  }

  /** One more tick of each symbol in each hour: coarser candles are then put together from what is stored. */
  more(): TestTick[] {
    const hours = [9, 10, 11, 13, 24].map(hour => hour * HOUR + 45)
    return hours.flatMap(minute => SYMBOLS.map(symbol => this.#tick(symbol, minute)))
  }

  where(reach: Reach, table: TableName): Where {
    const { source } = this
    const ofCandles = table === 'candles'
    if (reach === 'partition')
      return ofCandles ? { timeframe: 'm1', ...monthOf(this.#dayMs) } : dayOf(this.#dayMs)
    if (reach === 'symbol') return { source, symbol: 'A', ...(ofCandles ? { timeframe: 'm1' } : {}) }
    const [from, to] = [REACH.from, REACH.to].map(minute => isoOf(this.#dayMs + minute * MINUTE_MS))
    return { source, symbol: 'A', from: from!, to: to! }
  }

  #tick(symbol: string, minute: number): TestTick {
    const number = this.#number++
    const dateTime = isoOf(this.#dayMs + minute * MINUTE_MS + (number % 59) * 1000)
    return { source: this.source, symbol, mid: 100 + ((number * 37) % 101) / 4, number, dateTime }
  }
}

/** The next case's number, by world. */
const cases = new WeakMap<World, number>()

/**
 * Plays a step at its moment: ticks come, the step happens, a live tick of somebody else comes and must have its candle
 * after one call of rollup; then all is caught up and judged; then every hour gets one more tick, and all is judged again.
 * Gives what was not as it must be; a world with findings is no good for another case.
 */
export async function playStep(
  world: World,
  { step, table, moment }: { readonly step: Step; readonly table: TableName; readonly moment: Moment },
): Promise<string[]> {
  const index = cases.get(world) ?? 0
  cases.set(world, index + 1)
  const scene = new Scene(index)
  const { engines, ledger } = world
  const { findings, part } = findingsOf()
  const judge = async () => {
    await world.settle()
    findings.push(...(await world.judge()))
  }

  let act: Act | undefined
  const strike = async () => {
    await step.run(act!)
    record(step, ledger, act!)
  }

  await part('laying ticks', async () => {
    await world.send([...(index === 0 ? [ANCHOR] : []), ...scene.ticks(EARLY)])
    await world.ingest()
    await world.settle()
    const mark = { snapshotId: await snapshotOf(world, table), ledger: ledger.bookmark() }
    act = { engines, table, where: scene.where(step.reach ?? 'minutes', table), mark }
    await world.send(scene.ticks(LATE))
    if (moment !== 'during ingest') await world.ingest()
    if (moment === 'after rollup') await world.settle()
  })
  await part('the step', async () => {
    if (moment === 'during ingest') await world.ingest(strike)
    else if (moment === 'during rollup') await world.rollup(strike)
    else await strike()
  })
  if (step.outcome === 'refused') await part('the refusal', () => refuse(world, step.says!, table, scene))
  else {
    await part('live', () => liveGoesOn(world, findings))
    await part('afterwards', judge)
  }
  await part('undoing it', async () => {
    const told = await step.undo?.(act!)
    const failures = (told as { failures?: string[] } | undefined)?.failures ?? []
    if (failures.length > 0) findings.push(`the other writer: ${failures[0]}`)
  })
  await part('one more tick an hour', async () => {
    await world.send(scene.more())
    await world.ingest()
    await judge()
  })
  return findings
}

async function snapshotOf({ services }: World, name: TableName): Promise<string> {
  const { metadata } = await services.catalog.loadTable({ namespace: 'market_data', name })
  return String(metadata.currentSnapshotId)
}

/** A tick of somebody else, now: one call of rollup gives its candle, whatever happened to others. */
async function liveGoesOn(world: World, findings: string[]): Promise<void> {
  world.clock.nowMs += MINUTE_MS
  const minuteMs = Math.floor(world.clock.nowMs / MINUTE_MS) * MINUTE_MS
  const live = { source: 'LIVE', symbol: 'LIVE', number: minuteMs / MINUTE_MS }
  await world.send([{ ...live, mid: 7 + (live.number % 10), dateTime: isoOf(minuteMs + 5_000) }])
  await world.ingest()
  try {
    await world.rollup()
  } catch (error) {
    findings.push(`live: rollup throws ${say(error)}`)
  }
  const [candle] = await world.engines.trino.sql<{ volume: number }>(`
    SELECT volume FROM lake.market_data.candles
    WHERE source = 'LIVE' AND timeframe = 'm1' AND date_time = from_unixtime(${minuteMs / 1000})`)
  if (candle?.volume !== 1) findings.push(`live: no candle of the minute ${isoOf(minuteMs)}`)
}

/** How often each function is called until it must have seen the change: what is warm may have loaded the table before. */
const CALLS = 2

/** The functions stop, with an error that names table and change, and with no other. */
async function refuse(world: World, says: string, table: TableName, scene: Scene): Promise<void> {
  const thrown: unknown[] = []
  for (let calls = 0; calls < CALLS; calls++) {
    await world.send(scene.more().slice(0, 1))
    for (const call of [world.ingest, world.rollup]) await call().catch(error => thrown.push(error))
  }
  const isTold = (error: unknown) =>
    error instanceof TickhouseError && error.message.includes(table) && error.message.includes(says)
  if (thrown.length === 0) throw new Error('nothing was refused')
  const untold = thrown.find(error => !isTold(error))
  if (untold !== undefined) throw new Error(say(untold))
}
