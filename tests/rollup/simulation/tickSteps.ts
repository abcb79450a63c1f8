import { formatDateTime, MINUTE_US, OLDEST_US } from '../../../lib/market/time.ts'
import { TICKS_TABLE } from '../../../lib/tables/ticksTable.ts'
import type { Random } from '../../faults/random.ts'
import type { TickRow } from '../../support/tableRows.ts'
import { ingestAll } from './callSteps.ts'
import { mergeTicks } from './foreign.ts'
import { PARTITIONS } from './kafka.ts'
import { chance, DAY_MS, HOUR_MS, MINUTE_MS, type Step } from './step.ts'
import type { SimWorld } from './world.ts'

const SYMBOLS = [
  ['s', 'x'],
  ['s', 'y'],
  ['t', 'x'],
] as const
const PRICES = ['-1', '-0.0', '0', '1', '2', '2.5', '3', '7']
/** How far a tick may lie ahead of what its record says. */
const AHEAD_MS = HOUR_MS

/** A tick of any symbol, on the partition of its symbol or, now and then, on another one. */
export function tick(
  { kafka, time }: SimWorld,
  random: Random,
  dateTimeMs: number,
  timestampMs = time.wallMs,
): void {
  const place = random.int(0, SYMBOLS.length - 1)
  const [source, symbol] = SYMBOLS[place]!
  const mid = random.pick(PRICES)
  const number = chance(random, 0.1) ? '4611686018427387905' : random.int(0, 3)
  const dateTime = formatDateTime(Math.floor(dateTimeMs) * 1000 + random.int(0, 999))
  const value = `{"source":"${source}","symbol":"${symbol}","ask":2,"bid":1,"mid":${mid},"number":${number},"dateTime":"${dateTime}"}`
  kafka.append(chance(random, 0.2) ? random.int(0, PARTITIONS - 1) : place, timestampMs, value)
}

/** Ticks of the last moments, as they come all the time. */
export function liveTicks(world: SimWorld, random: Random, most = 5): number {
  const count = random.int(1, most)
  for (let i = 0; i < count; i++) tick(world, random, world.time.wallMs - random.int(0, 100_000))
  return count
}

/** A tick in the minute of another one. */
export function tickBeside(world: SimWorld, random: Random, beside: TickRow): void {
  const { source, symbol, dateTimeUs, partition } = beside
  const minuteUs = dateTimeUs - (dateTimeUs % MINUTE_US)
  const dateTime = formatDateTime(minuteUs + random.int(0, 59) * 1_000_000)
  const mid = random.pick(PRICES)
  const value = `{"source":"${source}","symbol":"${symbol}","ask":2,"bid":1,"mid":${mid},"number":1,"dateTime":"${dateTime}"}`
  world.kafka.append(partition, Math.max(world.time.wallMs, dateTimeUs / 1000), value)
}

export const live: Step = async (world, random) => `${liveTicks(world, random)} live ticks`

/** Ticks that are late by up to so long, in one place or in some. */
function lateBy(name: string, fromMs: number, toMs: number): Step {
  return async (world, random) => {
    const count = random.int(1, 5)
    const one = random.int(fromMs, toMs)
    const isTogether = chance(random, 0.5)
    for (let i = 0; i < count; i++) {
      const agoMs = isTogether ? one + random.int(0, 5 * MINUTE_MS) : random.int(fromMs, toMs)
      tick(world, random, world.time.wallMs - agoMs)
    }
    return `${count} ticks late by ${name}, ${isTogether ? 'together' : 'each in its place'}`
  }
}

export const lateMinutes = lateBy('minutes', 2 * MINUTE_MS, 2 * HOUR_MS)
export const lateHours = lateBy('hours', HOUR_MS, 60 * HOUR_MS)
export const lateDays = lateBy('days', DAY_MS, 45 * DAY_MS)
export const lateMonths = lateBy('months', 30 * DAY_MS, 420 * DAY_MS)

/** Ticks of a time before 1970. */
export const ancient: Step = async (world, random) => {
  const timeMs = random.int(OLDEST_US / 1000, -1)
  tick(world, random, timeMs)
  tick(world, random, Math.min(-1, timeMs + random.int(0, HOUR_MS)))
  return `2 ticks of ${new Date(timeMs).toISOString()}`
}

/** Ticks of the hour to come. */
export const soon: Step = async (world, random) => {
  const count = random.int(1, 3)
  for (let i = 0; i < count; i++) tick(world, random, world.time.wallMs + random.int(0, AHEAD_MS))
  return `${count} ticks of the hour to come`
}

/** Ticks whose records say a time that is not that of Kafka. */
export const lying: Step = async (world, random) => {
  const aheadMs = random.pick([-400 * DAY_MS, -2 * HOUR_MS, HOUR_MS, 5 * HOUR_MS, 3 * DAY_MS])
  const timestampMs = world.time.wallMs + aheadMs
  const count = random.int(1, 3)
  for (let i = 0; i < count; i++) {
    tick(
      world,
      random,
      timestampMs + random.int(-2 * HOUR_MS, AHEAD_MS),
      timestampMs + random.int(0, MINUTE_MS),
    )
  }
  return `${count} ticks whose records say ${new Date(timestampMs).toISOString()}`
}

/** A delivery of what was kept back, all over the past. */
export const scattered: Step = async (world, random) => {
  const count = random.int(40, 150)
  const spanMs = random.pick([100 * HOUR_MS, 100 * HOUR_MS, 12 * DAY_MS])
  for (let i = 0; i < count; i++) tick(world, random, world.time.wallMs - random.int(0, spanMs))
  return `${count} ticks scattered over ${spanMs / HOUR_MS} hours`
}

/** More new ticks than are looked at each, or than a live statement reads: as far as the table says. */
export const flood: Step = async (world, random) => {
  const spanMs = random.pick([4 * MINUTE_MS, 90 * MINUTE_MS, 8 * HOUR_MS, 30 * HOUR_MS])
  const endMs = world.time.wallMs - random.pick([0, 0, 20 * HOUR_MS])
  const count = random.int(6, 25)
  for (let i = 0; i < count; i++) tick(world, random, endMs - random.int(0, spanMs))
  await ingestAll(world, random)
  const claimedRows = random.pick([260_000, 400_000, 3_000_000])
  const { metadata } = await world.catalog.loadTable(TICKS_TABLE)
  const newest = metadata.lastSequenceNumber
  const told = { keepsAge: true, claimedRows, hasBounds: chance(random, 0.8) }
  await mergeTicks(world, ({ sequenceNumber }) => sequenceNumber === newest, told)
  return `a flood of ${claimedRows} rows over ${spanMs / MINUTE_MS} minutes${told.hasBounds ? '' : ', without bounds'}`
}

/** Days of ticks, one a minute of each symbol: more candles than lie in one small file. */
export const history: Step = async (world, random) => {
  const minutes = random.int(400, 900)
  const endMs = world.time.wallMs - random.int(0, 30 * HOUR_MS)
  for (let i = 0; i < 3 * minutes; i++) tick(world, random, endMs - (i * MINUTE_MS) / 3)
  return `${3 * minutes} ticks of ${minutes} minutes`
}

/** Records that are no ticks. */
export const bad: Step = async (world, random) => {
  const count = chance(random, 0.2) ? 1_000 : random.int(1, 3)
  const partition = random.int(0, PARTITIONS - 1)
  for (let i = 0; i < count; i++) world.kafka.append(partition, world.time.wallMs, null)
  return `${count} records that are no ticks`
}

/** A producer's transaction begins, or the one that is open ends. */
export const transaction: Step = async ({ kafka }, random) => {
  if (kafka.hasTransaction) {
    const how = random.pick(['commit', 'abort'] as const)
    kafka.end(how)
    return `the transaction ends: ${how}`
  }
  kafka.begin()
  return 'a transaction begins'
}
