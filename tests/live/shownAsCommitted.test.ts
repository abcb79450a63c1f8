import { describe, expect, test } from 'vitest'
import { KafkaUnavailable } from '../../lib/kafka/errors.ts'
import type { LiveTicks } from '../../lib/live/liveLook.ts'
import { withLive } from '../../lib/live/withLive.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { TIMEFRAMES, type TimeframeName } from '../../lib/market/timeframe.ts'
import { readCandlePage } from '../../lib/query/readCandlePage.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { type Budget, UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { type Random, random } from '../faults/random.ts'
import { failingTopicLog } from '../support/failingTopicLog.ts'
import type { MemoryLogTransaction, RecordContents } from '../support/memoryTopicLog.ts'
import { stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { batch, ingest, newWorld, SETTINGS, stateOf, type World } from '../support/world.ts'
import { follow, requestOf, valuesOf } from './viewer.ts'

const LIVE_ALONE: Budget = { mayBegin: () => false, statementMs: () => 1 }
const SYMBOLS = ['x', 'y', 'z']
const PARTITIONS = 3
/** Starts of schedules, during which several of a minute, an hour, a day, a week and a month end together. */
const STARTS = [
  '2026-05-31T23:57:20Z',
  '2026-03-01T23:58:40Z',
  '2026-02-28T23:57:05Z',
  '2026-03-04T10:28:30Z',
]

interface Schedule {
  readonly world: World
  readonly random: Random
  /** A follower that has looked since the schedule began. */
  readonly live: LiveTicks
  open: MemoryLogTransaction | undefined
  n: number
}

async function newSchedule(seed: number): Promise<Schedule> {
  const chance = random(seed)
  const world = await newWorld({ startMs: Date.parse(chance.pick(STARTS)) })
  world.log.deleteTopic(SETTINGS.ticksTopic)
  world.log.createTopic(SETTINGS.ticksTopic, PARTITIONS)
  return { world, random: chance, live: follow(world), open: undefined, n: 0 }
}

/** A record, mostly of a tick on time; else one that is late, ahead, equal to another in time and number, or not a tick. */
function record(schedule: Schedule): RecordContents {
  const { random, world } = schedule
  const { nowMs } = world.clock
  if (random.next() < 0.08) return { timestampMs: nowMs, value: Buffer.from(random.pick(['{', '{}', ''])) }
  const lateMs = random.pick([
    () => random.int(0, 2_000),
    () => random.int(-1_000, 1_000),
    () => random.int(0, 20_000),
    () => random.int(0, 180_000),
    () => random.int(3 * 3_600_000, 40 * 86_400_000),
    () => -random.int(0, 400_000),
    () => -random.int(3_700_000, 7_200_000),
  ])()
  const dateTime = timeNear(random, nowMs - lateMs)
  const number = random.next() < 0.3 ? 7 : schedule.n++
  const [symbol, mid] = [random.pick(SYMBOLS), random.int(-3, 12) / 4]
  const tick = { source: 's', symbol, ask: 2, bid: 1, mid, number, dateTime }
  // Producers' clocks are behind or ahead.
  const timestampMs = nowMs + random.pick([0, 0, -1_000, -45_000, 90_000, -300_000, 600_000, -3_600_000])
  return { timestampMs, value: Buffer.from(JSON.stringify(tick)) }
}

/** Half a second exactly, or a minute's first, second or last microsecond. */
function timeNear(random: Random, timeMs: number): string {
  const minuteUs = Math.floor(timeMs / 60_000) * 60_000_000
  const halfSecondUs = Math.floor(timeMs / 500) * 500_000
  return formatDateTime(random.pick([halfSecondUs, halfSecondUs, minuteUs, minuteUs + 1, minuteUs - 1]))
}

function send(schedule: Schedule): void {
  const { random, world, open } = schedule
  for (let left = random.int(1, 12); left > 0; left--) {
    const some = [record(schedule)]
    if (random.next() < 0.1) some.push(some[0]!)
    const partition = random.int(0, PARTITIONS - 1)
    if (open !== undefined && random.next() < 0.5) open.append(SETTINGS.ticksTopic, partition, some)
    else world.log.append(SETTINGS.ticksTopic, partition, some)
  }
}

function transact(schedule: Schedule): void {
  if (schedule.open === undefined) schedule.open = schedule.world.log.begin()
  else {
    schedule.open[schedule.random.pick(['commit', 'abort'] as const)]()
    schedule.open = undefined
  }
}

function pass({ world, random }: Schedule): void {
  world.clock.nowMs += random.pick([600, 5_000, 30_000, 60_000, 61_000, 400_000])
}

/** Takes in all readable records of some partitions, or a part of them. */
async function takeIn({ world, random }: Schedule, isAll: boolean): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { vector } = await stateOf(world)
    const next = vector.positions.find(position => position.partition === partition)?.next ?? 0
    const last = await world.log.last(SETTINGS.ticksTopic, partition)
    const end = (last?.offset ?? -1) + 1
    const some = await batch(world, partition, next, isAll ? end : random.int(next, Math.max(next, end)))
    if (some.records.length > 0) await ingest(world, [some])
  }
}

/** Moves the clock away from a minute's end, where a call would sleep. */
function leaveMinutesEnd({ clock }: World): void {
  const intoMinuteMs = clock.nowMs % 60_000
  if (intoMinuteMs < 1_000 || intoMinuteMs > 57_000) clock.nowMs += 4_000
}

/** Runs one call of rollup; without Kafka it does not wait for `ingest`, and closes nothing. */
async function rollUp({ world }: Schedule, budget: Budget, hasKafka: boolean): Promise<void> {
  leaveMinutesEnd(world)
  const away = failingTopicLog(new KafkaUnavailable('reading', new Error('away')))
  await rollupCandles({ ...withTrino(world), ...(hasKafka ? {} : { topicLog: away }) }, budget)
}

type Pages = Map<string, ReturnType<typeof valuesOf>[]>

/** The pages of all series as a viewer sees them; undefined where live ticks cannot be read. */
async function pagesOf(world: World, live: LiveTicks | undefined): Promise<Pages | undefined> {
  const snapshot = await new TableArchive(world.services).current()
  const pages: Pages = new Map()
  for (const symbol of SYMBOLS) {
    const look = await live?.look(snapshot.state, { source: 's', symbol })
    if (live !== undefined && look === undefined) return undefined
    for (const { name } of TIMEFRAMES) {
      const request = requestOf(symbol, name as TimeframeName)
      const stored = await readCandlePage(snapshot, request)
      const page = look === undefined ? stored : await withLive(stored, request, snapshot, look)
      pages.set(`${symbol} ${name}`, page.candles.map(valuesOf))
    }
  }
  return pages
}

function inWords(pages: Pages): string[] {
  return [...pages].flatMap(([series, candles]) =>
    candles.map(({ dateTimeUs, ...values }) =>
      [series, formatDateTime(dateTimeUs), ...Object.values(values)].join(' '),
    ),
  )
}

/** Candles of `some` that are missing in `others`, or differ there. */
function without(some: Pages, others: Pages): string[] {
  const known = new Set(inWords(others))
  return inWords(some).filter(candle => !known.has(candle))
}

/** Runs a schedule. Returns the count of live candles that were compared with those that the rollup then committed. */
async function run(seed: number): Promise<number> {
  const schedule = await newSchedule(seed)
  const { world, random, live } = schedule
  let old = await stateOfCandles(world)
  let compared = 0
  for (let step = 0; step < 25; step++) {
    const what = random.next()
    if (what < 0.45) send(schedule)
    else if (what < 0.6) pass(schedule)
    else if (what < 0.68) transact(schedule)
    else if (what < 0.78) await takeIn(schedule, false)
    else if (what < 0.86) await rollUp(schedule, random.pick([LIVE_ALONE, UNBOUNDED]), false)
    else compared += await compare(schedule)
    // A look after each step, so that the follower has read from before each minute's first tick.
    world.clock.nowMs += 600
    const { state } = await new TableArchive(world.services).current()
    // One of them still has candles of a while ago.
    await Promise.all([state, old, state].map(one => live.look(one, { source: 's', symbol: 'x' })))
    if (random.next() < 0.3) old = state
  }
  return compared + (await compare(schedule))
}

/**
 * Compares live candles with the next commit; the clock stands still between them. A follower that begins only now may lack
 * ticks of a minute, and then shows it as it is stored.
 */
async function compare(schedule: Schedule): Promise<number> {
  const { world, live } = schedule
  world.clock.nowMs += 600
  leaveMinutesEnd(world)
  const [stored, shown] = [(await pagesOf(world, undefined))!, (await pagesOf(world, live))!]
  const begun = (await pagesOf(world, follow(world)))!
  await takeIn(schedule, true)
  await rollUp(schedule, LIVE_ALONE, schedule.open === undefined)
  const committed = (await pagesOf(world, undefined))!
  expect([without(shown, committed), without(committed, shown)]).toEqual([[], []])
  const isNeither = (candle: string) => candle.includes(' m1 ') && inWords(stored).indexOf(candle) < 0
  expect(without(begun, committed).filter(isNeither)).toEqual([])
  return without(shown, stored).length
}

describe('what is shown live', () => {
  const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)

  test('is what the rollup then commits, of all timeframes, in 12 random schedules', async () => {
    let compared = 0
    for (const seed of SEEDS) {
      try {
        compared += await run(seed)
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
    }
    expect(compared).toBeGreaterThan(600)
  })
})
