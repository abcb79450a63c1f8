import { lowerBound } from '../../../lib/iceberg/dataFile.ts'
import type { Table } from '../../../lib/iceberg/table.ts'
import { removeOrphans } from '../../../lib/iceberg/upkeep/removeOrphans.ts'
import { compactTable } from '../../../lib/maintain/compactTable.ts'
import { MAINTAINED_TABLES, type MaintainedTable } from '../../../lib/maintain/maintainedTables.ts'
import type { Candle } from '../../../lib/market/candle.ts'
import { HourSet, hourOf } from '../../../lib/market/hours.ts'
import type { TimeRange } from '../../../lib/market/range.ts'
import { DAY_US, floorTo, HOUR_US, MINUTE_US } from '../../../lib/market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, timeframeOf } from '../../../lib/market/timeframe.ts'
import { markRanges } from '../../../lib/rollup/markRanges.ts'
import { isSmall } from '../../../lib/rollup/storedCandles.ts'
import { candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLE_FIELDS, CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { nextOffset } from '../../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../../lib/tables/ticksTable.ts'
import type { Random } from '../../faults/random.ts'
import type { TickRow } from '../../support/tableRows.ts'
import { ingestAll, rollUp } from './callSteps.ts'
import { changeCandles, deleteTicks, expire, insertTicks, mergeTicks, rollBack } from './foreign.ts'
import { show } from './ledger.ts'
import { chance, DAY_MS, HOUR_MS, type Step } from './step.ts'
import { tick, tickBeside } from './tickSteps.ts'
import type { SimWorld } from './world.ts'
import { moment } from './wrong.ts'

/** Marks what a bug of ours has changed. */
export async function markUnmarked(world: SimWorld, random: Random): Promise<number> {
  const { judge } = world
  const { minutes, candles } = judge.unmarked
  const ranges = [...minutes.ranges(), ...candles]
  if (ranges.length === 0) return 0
  // Also where candles are held: nothing else repairs them there.
  const marked = await markRanges(world.services(random, {}, 'cold'), ranges, { followTicks: true })
  judge.marked({ minutes, candles })
  return marked
}

export const mark: Step = async (world, random) => `${await markUnmarked(world, random)} hours are marked`

/** Asks for a stretch to be recomputed in which nothing is wrong. */
export const recompute: Step = async (world, random) => {
  const fromMs = world.time.wallMs - random.int(-2 * HOUR_MS, 60 * HOUR_MS)
  const range = { fromUs: fromMs * 1000, toUs: (fromMs + random.int(1, 30 * HOUR_MS)) * 1000 }
  const hours = await markRanges(world.services(random, {}, 'cold'), [range])
  return `${hours} hours from ${moment(range.fromUs)} are marked for nothing`
}

async function allTicks({ catalog, judge }: SimWorld) {
  return judge.rows.ticks(await catalog.loadTable(TICKS_TABLE))
}

/** Another engine deletes ticks: of a minute, an hour, some hours, or some symbol's. */
export const deletion: Step = async (world, random) => {
  const ticks = await allTicks(world)
  if (ticks.length === 0) return 'there are no ticks to delete'
  // Now and then one of the newest: these are in minutes that are still computed live.
  const one = chance(random, 0.4) ? random.pick(ticks.slice(-5)) : random.pick(ticks)
  const gridUs = random.pick([MINUTE_US, HOUR_US, 6 * HOUR_US])
  const isOfAll = chance(random, 0.5)
  const fromUs = floorTo(one.dateTimeUs, gridUs)
  const hours = await deleteTicks(
    world,
    tick =>
      tick.dateTimeUs >= fromUs &&
      tick.dateTimeUs < fromUs + gridUs &&
      (isOfAll || (tick.symbol === one.symbol && tick.source === one.source)),
  )
  if (!chance(random, 0.2)) return `ticks from ${moment(fromUs)} on are deleted, ${hours.size} hours`
  const marked = await markRanges(world.services(random, {}, 'cold'), hours.ranges())
  return `ticks from ${moment(fromUs)} on are deleted, and ${marked} hours marked by hand`
}

/** Another engine adds ticks, old ones or new, with offsets that Kafka does not have. */
export const insertion: Step = async (world, random) => {
  const ticks = await allTicks(world)
  if (ticks.length === 0) return 'there are no ticks to copy'
  const like = random.pick(ticks)
  const spanUs = random.pick([MINUTE_US, HOUR_US, 3 * DAY_US])
  const places = Array.from({ length: random.int(1, 4) }, () => ({
    dateTimeUs: like.dateTimeUs - random.int(0, spanUs / 1_000) * 1_000,
    partition: chance(random, 0.3) ? 77 : like.partition,
    offset: chance(random, 0.5) ? -random.int(1, 1_000_000) : 1e12 + random.int(0, 1_000_000),
  }))
  await insertTicks(world, like, places)
  return `${places.length} ticks are added from ${moment(Math.min(...places.map(place => place.dateTimeUs)))} on`
}

/** Another engine deletes the oldest whole days of ticks; then, it may be, ticks come of these days, and of older ones. */
export const oldestDays: Step = async (world, random) => {
  const ticks = await allTicks(world)
  if (ticks.length === 0) return 'there are no old ticks to delete'
  const untilUs = floorTo(random.pick(ticks).dateTimeUs, DAY_US) + DAY_US
  const hours = await deleteTicks(world, ({ dateTimeUs }) => dateTimeUs < untilUs)
  const count = random.int(0, 3)
  for (let i = 0; i < count; i++) tick(world, random, untilUs / 1000 - random.int(1, 4 * DAY_MS))
  return `the ticks before ${moment(untilUs)} are deleted, ${hours.size} hours; ${count} come`
}

/** Another engine deletes a tick of the last minutes, and another one comes in its minute. */
export const correction: Step = async (world, random) => {
  const ticks = (await allTicks(world)).slice(-6)
  if (ticks.length === 0) return 'there are no ticks to correct'
  if (chance(random, 0.4))
    await changeCandles(world, rows => rows, { claimedRows: 60_000, isOurs: true, isRewrite: true })
  const one = random.pick(ticks)
  const isOne = ({ partition, offset, epoch }: TickRow) =>
    partition === one.partition && offset === one.offset && epoch === one.epoch
  await deleteTicks(world, isOne)
  tickBeside(world, random, one)
  await ingestAll(world, random)
  return `a tick of ${moment(one.dateTimeUs)} is deleted, another comes; ${await rollUp(world, random)}`
}

/** Another engine spoils candles, or a bug of ours: wrong values, a row that is missing, or one too many. */
export const damage: Step = async (world, random) => {
  const rows = await world.judge.rows.candles(await world.catalog.loadTable(CANDLES_TABLE))
  const present = rows.filter(({ timeframe }) => !timeframe.startsWith('removed'))
  if (present.length === 0) return 'there are no candles to spoil'
  const one = random.pick(present)
  const isLost = chance(random, 0.15)
  const { harmed, what } = isLost ? lostHour : spoil(one, rows, random)
  const isOurs = chance(random, 0.5)
  const gone = isLost ? rows.filter(row => hourOf(row.dateTimeUs) === hourOf(one.dateTimeUs)) : [one]
  const change = (all: readonly Candle[]) => [...all.filter(row => !gone.includes(row)), ...harmed]
  if ((await changeCandles(world, change, { isOurs })) === 'foreign')
    return `${show(one)} ${what}, by another engine`
  const touched: TimeRange[] = [...gone, ...harmed]
    .filter(({ timeframe }) => !timeframe.startsWith('removed'))
    .map(({ timeframe, dateTimeUs }) => {
      return { fromUs: dateTimeUs, toUs: bucketEnd(timeframeOf(timeframe), dateTimeUs) }
    })
  const minutes = [...gone, ...harmed].filter(({ timeframe }) => timeframe === 'm1')
  const hours = HourSet.touching(
    minutes.map(({ dateTimeUs }) => ({ fromUs: dateTimeUs, toUs: dateTimeUs + 1 })),
  )
  world.judge.unmark({ minutes: hours, candles: touched })
  const marked = chance(random, 0.6) ? `${await markUnmarked(world, random)} hours are marked` : 'unmarked'
  return `${show(one)} ${what}; ${marked}`
}

const lostHour = { harmed: [] as Candle[], what: 'and all that begin in its hour are lost' }

function spoil(one: Candle, rows: readonly Candle[], random: Random): { harmed: Candle[]; what: string } {
  switch (random.int(0, 3)) {
    case 0:
      return { harmed: [{ ...one, high: one.high + 50, volume: one.volume + 7 }], what: 'gets wrong values' }
    case 1:
      return { harmed: [{ ...one, closed: false, open: one.open - 1 }], what: 'is open again, and wrong' }
    case 2:
      return { harmed: [], what: 'is lost' }
    default: {
      const timeframe = random.pick(TIMEFRAMES)
      const dateTimeUs = bucketStart(timeframe, one.dateTimeUs + random.int(-1, 1) * HOUR_US)
      const symbol = random.pick([one.symbol, 'nobody'])
      const more = { ...one, timeframe: timeframe.name, dateTimeUs, symbol, volume: 99, revision: 1 }
      const isTaken = rows.some(
        row =>
          row.timeframe.endsWith(more.timeframe) &&
          row.dateTimeUs === dateTimeUs &&
          row.symbol === symbol &&
          row.source === one.source,
      )
      return isTaken
        ? { harmed: [one], what: 'stays' }
        : { harmed: [one, more], what: `gets beside it ${show(more)}` }
    }
  }
}

/** Another engine rewrites tick files, like for like. */
export const foreignMergeOfTicks: Step = async (world, random) => {
  const [keepsAge, hasBounds] = [chance(random, 0.5), chance(random, 0.7)]
  const isChosen = ({ recordCount }: { readonly recordCount: number }) =>
    recordCount < 250_000 && chance(random, 0.6)
  const merged = await mergeTicks(world, isChosen, { keepsAge, hasBounds })
  return `another engine merges ${merged} files of ticks${keepsAge ? ', of their age' : ''}${hasBounds ? '' : ', without bounds'}`
}

/** Another engine rewrites the candles, like for like, into files that are large as far as the table says. */
export const foreignMergeOfCandles: Step = async (world, random) => {
  const claimedRows = random.pick([0, 2_500, 60_000, 500_000, 500_000])
  const [hasBounds, bySymbol] = [chance(random, 0.7), chance(random, 0.5)]
  // Of a file that says it has more rows than it has, nobody takes it that they are the same.
  const isOurs = claimedRows > 0
  await changeCandles(world, rows => rows, { claimedRows, hasBounds, bySymbol, isOurs, isRewrite: true })
  const how = [...(bySymbol ? ['by symbol'] : []), ...(hasBounds ? [] : ['without bounds'])]
  return `another engine merges all files of candles, ${[`to ${claimedRows} rows each`, ...how].join(', ')}`
}

const [CANDLES, TICKS] = MAINTAINED_TABLES as [MaintainedTable, MaintainedTable]
/** Small files too, as there are no others in a small world; none that says that it has more rows than it has. */
const SMALL_CANDLES: MaintainedTable = {
  ...CANDLES,
  isDone: file => isSmall(file) && lowerBound(file, CANDLE_FIELDS.closed) === true,
}

/** Compaction of our own. */
export const compaction: Step = async (world, random) => {
  const kept = random.pick([SMALL_CANDLES, TICKS, TICKS])
  const { merged, into } = await compactTable(world.services(random, {}, 'cold'), kept, () => 1e9)
  return `compaction of ${kept.ident.name}: ${merged} files become ${into}`
}

/** Another engine expires what it may; and we remove the files that nobody needs. */
export const expiry: Step = async (world, random) => {
  const ident = random.pick([TICKS_TABLE, CANDLES_TABLE])
  const expired = await expire(world, ident, random.int(1, 5))
  const rule = { retentionMs: world.settings.retentionMs, nowMs: world.time.wallMs }
  const removed = chance(random, 0.5) ? await removeOrphans(world, ident, rule) : 0
  return `${expired} snapshots of ${ident.name} are expired, ${removed} files removed`
}

/** Somebody rolls the candles back. */
export const rollbackOfCandles: Step = async (world, random) => {
  const commits = random.int(1, 8)
  await rollBack(world, CANDLES_TABLE, commits)
  const backMs = chance(random, 0.4) ? random.int(1, HOUR_MS) : 0
  world.time.set(world.time.wallMs - backMs)
  return `the candles are rolled back by up to ${commits} commits, the clock by ${backMs} ms`
}

/** Somebody rolls the ticks back, and ingest takes in again what was taken away. */
export const rollbackOfTicks: Step = async (world, random) => {
  await ingestAll(world, random)
  const { epoch } = ticksState(await world.catalog.loadTable(TICKS_TABLE)).vector
  // What was read in an earlier epoch is on Kafka no more.
  const isOfEpoch = (version: Table) => ticksState(version).vector.epoch === epoch
  const { vector } = ticksState(await rollBack(world, TICKS_TABLE, random.int(1, 4), isOfEpoch))
  world.kafka.rewind(partition => nextOffset(vector, partition))
  const between = await rollUp(world, random, { mayLackTicks: true })
  await ingestAll(world, random)
  return `the ticks are rolled back; ${between}; ingest takes them in again`
}

/** What the candles say of themselves now, for people. */
export async function stateText({ catalog }: SimWorld): Promise<string> {
  const { hours, closedUntilUs } = candlesState(await catalog.loadTable(CANDLES_TABLE))
  const { stale, owed, damaged, sweep, exact } = hours
  const sizes = Object.entries({ stale, owed, damaged, sweep }).map(([name, { size }]) => `${size} ${name}`)
  return `${sizes.join(', ')}; exact ${moment(exact.fromUs)} … ${moment(exact.toUs)}; closed until ${moment(closedUntilUs)}`
}
