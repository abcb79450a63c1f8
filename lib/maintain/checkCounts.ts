import { TickhouseError } from '../errors.ts'
import { hasEqualityDeletes, liveRows } from '../iceberg/deletes/deletedRows.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { planFiles, scanFiles } from '../iceberg/plan.ts'
import { readRows } from '../iceberg/readRows.ts'
import { coverWith, type TimeRange } from '../market/range.ts'
import { DAY_US, dayOf, formatDateTime, NEWEST_US, OLDEST_US, SECOND_US } from '../market/time.ts'
import { markRanges } from '../rollup/markRanges.ts'
import { loadInputs, type RollupInputs } from '../rollup/rollupInputs.ts'
import type { Services } from '../services.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'
import { inRanges } from '../trino/literals.ts'
import { renderSql } from '../trino/sql.ts'
import { awaitSlot, SLOT } from './slot.ts'

export type CountServices = Pick<Services, 'catalog' | 'store' | 'query' | 'settings' | 'log' | 'nowMs'>

/** What came of comparing the counts. */
export interface CountCheck {
  /** Days that were compared, and those of them whose counts differ. */
  readonly days: number
  readonly differing: number
  /** Hours that rollup recomputes for that. */
  readonly hoursMarked: number
}

const NOTHING: CountCheck = { days: 0, differing: 0, hoursMarked: 0 }

/** So much of the slot must be left for the statement. */
const STATEMENT_MS = 30_000
/** If a file spans more days than this, no day is compared. */
const MAX_DAYS_OF_FILE = 400
/** A statement names at most this many stretches of days. Days between them are counted too, and not compared. */
const MAX_STRETCHES = 40

/**
 * Compares how many ticks each day has with how many its m1 candles say they are made of, and marks the days where that
 * differs, so that rollup recomputes them. It finds rows that were lost, doubled or left out, whoever did that; a changed
 * price it does not see. Where it cannot compare it says why, and throws nothing.
 */
export async function checkCounts(services: CountServices): Promise<CountCheck> {
  try {
    await awaitSlot(services.nowMs, SLOT.untilMs - STATEMENT_MS)
    return await compare(services)
  } catch (error) {
    if (!(error instanceof TickhouseError)) throw error
    services.log.warn('ticks and candles were not counted', { code: error.code, error: error.message })
    return NOTHING
  }
}

async function compare(services: CountServices): Promise<CountCheck> {
  const { log } = services
  const inputs = await loadInputs(services)
  const ticks = await countTicks(services.store, inputs)
  if (ticks.size === 0) return NOTHING
  const volumes = await sumVolumes(services, inputs, [...ticks.keys()])
  const differing: number[] = []
  for (const [day, rows] of [...ticks].sort(([a], [b]) => a - b)) {
    const volume = volumes.get(day) ?? 0
    const surplus = rows - volume
    if (surplus === 0 || (surplus > 0 && surplus === (await countWithoutPrice(services, inputs, day))))
      continue
    differing.push(day)
    const counts = {
      day: formatDateTime(day * DAY_US).slice(0, 10),
      ticks: rows,
      inCandles: volume,
    }
    log.warn('a day has more or fewer ticks than its candles were made of: it is recomputed', counts)
  }
  const hoursMarked = differing.length === 0 ? 0 : await markRanges(services, differing.map(rangeOfDay))
  return { days: ticks.size, differing: differing.length, hoursMarked }
}

/** Counts a day's ticks whose price is not a finite number. Only other engines write such ticks; no candle is made of them. */
async function countWithoutPrice(
  { store, settings: { price } }: CountServices,
  { ticks, state }: RollupInputs,
  day: number,
): Promise<number> {
  if (Object.keys(state.foreign.stock_ticks).length === 0) return 0
  const { fromUs, toUs } = rangeOfDay(day)
  let count = 0
  for (const file of await planFiles(store, ticks, {
    within: { date_time: { from: fromUs, to: toUs - 1 } },
  })) {
    const { [price]: prices = [] } = await readRows(store, file, TICKS_SCHEMA, [price])
    for (const value of prices) if (!Number.isFinite(value)) count += 1
  }
  return count
}

/**
 * How many ticks each day has that can be compared, by days since 1970: those without stale hours and without
 * held ones, of which the candles have seen every file, and whose files hold no other day and can be read.
 */
async function countTicks(
  store: Services['store'],
  { ticks, state }: RollupInputs,
): Promise<Map<number, number>> {
  const rows = new Map<number, number>()
  const unseen = new Set<number>()
  for await (const files of scanFiles(store, ticks)) {
    for (const file of files) {
      const { fromUs, toUs } = rangeOf(file)
      // Other engines write ticks of any time; no candle is made of these.
      if (toUs <= OLDEST_US || fromUs > NEWEST_US) continue
      const [first, last] = [dayOf(fromUs), dayOf(toUs - 1)]
      if (last - first >= MAX_DAYS_OF_FILE) return new Map()
      const isOfOneDay = first === last && !hasEqualityDeletes(file)
      if (isOfOneDay) rows.set(first, (rows.get(first) ?? 0) + (await liveRows(store, file)))
      if (isOfOneDay && file.sequenceNumber <= state.ticksSequence) continue
      for (let day = first; day <= last; day++) unseen.add(day)
    }
  }
  const isLeftOut = (day: number) =>
    [state.held, state.hours.stale].some(hours => hours.touches(day * DAY_US, (day + 1) * DAY_US))
  return new Map([...rows].filter(([day]) => !unseen.has(day) && !isLeftOut(day)))
}

interface DayRow {
  readonly start_seconds: number
  readonly volume: number
}

/** What the m1 candles of the days and of some between them say, by days since 1970; one Trino statement. */
async function sumVolumes(
  { query, settings, nowMs }: CountServices,
  { candles }: RollupInputs,
  days: readonly number[],
): Promise<Map<number, number>> {
  const sql = renderSql('daily_volumes', {
    catalog: settings.trinoCatalog,
    candles_snapshot: String(currentSnapshot(candles)!.snapshotId),
    days: inRanges('date_time', coverWith(days.map(rangeOfDay), MAX_STRETCHES)),
  })
  const timeoutMs = Math.max(1_000, SLOT.untilMs - (nowMs() % 60_000))
  const rows = await query.rows<DayRow>(sql, { timeoutMs })
  return new Map(rows.map(({ start_seconds, volume }) => [(start_seconds * SECOND_US) / DAY_US, volume]))
}

function rangeOfDay(day: number): TimeRange {
  return { fromUs: day * DAY_US, toUs: (day + 1) * DAY_US }
}
