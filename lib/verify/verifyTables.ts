import type { LiveFile } from '../iceberg/dataFile.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { NEWEST_US, OLDEST_US } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import type { RollupInputs } from '../rollup/rollupInputs.ts'
import type { Price } from '../tables/candlesTable.ts'
import { rowsByOthers } from '../tables/foreignTicks.ts'
import { stretchesBetween } from '../tables/offsetVector.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { ticksState } from '../tables/ticksTable.ts'
import { DAY_US } from './calendar.ts'
import { CandleComparison } from './compareCandles.ts'
import { type CandleFile, CandlesByDay, candleFiles, type Days, dayOf, overlaps } from './dayCandles.ts'
import { DayTicks } from './dayTicks.ts'
import type { Findings } from './findings.ts'
import { Provable } from './provable.ts'
import { type Share, sharesFor } from './share.ts'

/** Everything that one verification looks at: both tables at one moment. */
export interface Verified {
  readonly store: ObjectStore
  readonly inputs: RollupInputs
  readonly price: Price
  readonly days: Days
  readonly findings: Findings
  readonly limits: VerifyLimits
  readonly onProgress: (line: string) => void
}

/** What bounds the memory, and the patience. */
export interface VerifyLimits {
  /** Minutes of one day in memory at once: a kilobyte each, with all that belongs to them. */
  readonly minutesAtOnce: number
  /** Candles whose hashes are in memory at once: 50 bytes each. */
  readonly candlesAtOnce: number
  /** How long publish is given to send what the snapshot holds. */
  readonly publishPatienceMs: number
  /** Between two looks at what changes meanwhile: hours that are caught up, candles of which Kafka knows more. */
  readonly pauseMs: number
}

/** Half a gigabyte at most, however much there is. */
export const VERIFY_LIMITS: VerifyLimits = {
  minutesAtOnce: 400_000,
  candlesAtOnce: 4_000_000,
  publishPatienceMs: 15_000,
  pauseMs: 2_000,
}

type TickFiles = ReadonlyMap<number, readonly LiveFile[]>

/** Holds the stored candles to the ticks below their vector: every candle of the days, in one pass over both tables. */
export async function verifyTables(verified: Verified): Promise<void> {
  const { store, inputs, days, limits } = verified
  const ticks = await tickFilesByDay(verified)
  const candles = await candleFiles(store, inputs.candles, days)
  for (const share of sharesFor(minutesADay(candles), limits.minutesAtOnce)) {
    await verifyShare(verified, share, ticks, candles)
  }
}

/** Files of ticks by day. When all days are verified, it also compares the number of rows with the count in the state. */
async function tickFilesByDay({ store, inputs, days, findings }: Verified): Promise<TickFiles> {
  const byDay = new Map<number, LiveFile[]>()
  // No candle is made of ticks outside these years.
  const oldest = Math.max(days.first, dayOf(OLDEST_US))
  const newest = Math.min(days.last, dayOf(NEWEST_US))
  let rows = 0
  for await (const files of scanFiles(store, inputs.ticks)) {
    for (const file of files) {
      rows += file.recordCount
      const { fromUs, toUs } = rangeOf(file)
      if (toUs <= OLDEST_US || fromUs > NEWEST_US) findings.outside += file.recordCount
      const [first, last] = [Math.max(oldest, dayOf(fromUs)), Math.min(newest, dayOf(toUs - 1))]
      for (let day = first; day <= last; day++) byDay.set(day, [...(byDay.get(day) ?? []), file])
    }
  }
  if (isAll(days)) await checkRows(store, inputs.ticks, rows, findings)
  return byDay
}

/** Checks the number of rows: those that were ingested, plus those that others added, minus those that they removed. */
async function checkRows(store: ObjectStore, table: Table, rows: number, findings: Findings): Promise<void> {
  const { ticks } = ticksState(table).totals
  const byOthers = await rowsByOthers(store, table)
  if (byOthers === undefined || rows === ticks + byOthers) return
  const others = byOthers === 0 ? '' : `, others ${byOthers < 0 ? 'removed' : 'added'} ${Math.abs(byOthers)}`
  const detail = `the table has ${rows} rows, ${ticks} were ingested${others}`
  findings.report({ in: 'ticks', problem: rows < ticks + byOthers ? 'missing' : 'surplus', detail })
}

function isAll({ first, last }: Days): boolean {
  return first === Number.NEGATIVE_INFINITY && last === Number.POSITIVE_INFINITY
}

/** Of the busiest file's stretch, as if it were spread evenly. */
function minutesADay(files: readonly CandleFile[]): number {
  const m1 = files.filter(({ timeframes }) => timeframes.includes('m1'))
  const perMonth = Map.groupBy(m1, ({ firstDay }) => Math.floor(firstDay / 30))
  const rows = [...perMonth.values()].map(some => some.reduce((sum, file) => sum + file.rows, 0))
  const days = [...perMonth.values()].map(some => 1 + spread(some))
  return Math.max(0, ...rows.map((count, i) => count / days[i]!))
}

function spread(files: readonly CandleFile[]): number {
  const first = files.reduce((least, { firstDay }) => Math.min(least, firstDay), Number.POSITIVE_INFINITY)
  const last = files.reduce((most, { lastDay }) => Math.max(most, lastDay), Number.NEGATIVE_INFINITY)
  return last - first
}

async function verifyShare(
  { store, inputs: { state, ticksVector }, price, days, findings, onProgress }: Verified,
  share: Share,
  ticks: TickFiles,
  candles: readonly CandleFile[],
): Promise<void> {
  const byDay = new CandlesByDay(store, share, candles)
  const scope = { fromUs: days.first * DAY_US, toUs: (days.last + 1) * DAY_US }
  const comparison = new CandleComparison(findings, { ...scope, provable: new Provable(state) })
  // Ticks that ingest has committed since are not in the candles yet. Rows of other engines are, at any offset.
  const later = stretchesBetween(state.vector, ticksVector)
  const listed = daysWithAnything(ticks, candles, days)
  for (const [i, day] of listed.entries()) {
    const dayTicks = new DayTicks(day, share, later)
    for (const file of ticks.get(day) ?? []) await dayTicks.read(store, file, price)
    for (const detail of dayTicks.doubles()) findings.report({ in: 'ticks', problem: 'doubled', detail })
    comparison.addDay(day * DAY_US, await byDay.take(day), dayTicks.symbols())
    findings.ticks += dayTicks.count
    const part = share.count === 1 ? '' : `, share ${share.index + 1} of ${share.count}`
    onProgress(`${i + 1} of ${listed.length} days${part}: ${findings.ticks} ticks`)
  }
  comparison.end()
}

function daysWithAnything(ticks: TickFiles, candles: readonly CandleFile[], days: Days): number[] {
  const found = new Set(ticks.keys())
  for (const file of candles.filter(each => overlaps(each, days))) {
    const [first, last] = [Math.max(file.firstDay, days.first), Math.min(file.lastDay, days.last)]
    for (let day = first; day <= last; day++) found.add(day)
  }
  return [...found].sort((a, b) => a - b)
}
