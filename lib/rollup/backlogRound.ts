import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { dayOfHour, HOURS_PER_DAY, HourSet } from '../market/hours.ts'
import { rowsFor } from '../market/refold.ts'
import type { Services } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { stretchesBetween } from '../tables/offsetVector.ts'
import { ticksState } from '../tables/ticksTable.ts'
import { mayCloseWithin } from './closing.ts'
import { type CommitServices, type CommittedCandles, commitCandles } from './commitCandles.ts'
import { differingMinutes } from './foldMinutes.ts'
import { type HoursToDo, nextShare, shareDone } from './staleHours.ts'
import { rowsIn, touchedFiles } from './storedCandles.ts'
import type { SymbolShare } from './symbolShare.ts'

export type BacklogServices = CommitServices & Pick<Services, 'query'>

/** The input of a backlog round. */
export interface Backlog {
  /** The version whose ticks the candles have, or a later one that differs from it by commits of `ingest` alone. */
  readonly ticks: Table
  readonly candles: Table
  /** What the candles' summary says, with the sweep that is under way. */
  readonly state: CandlesState
}

/** What a round is to do: some hours, or the next of the shares of all symbols that one hour is done in. */
export interface BacklogWork {
  readonly hours: HourSet
  readonly shares: SymbolShare['count']
  /** How long its statement may take. */
  readonly timeoutMs: number
}

/** What a round did. */
export interface BacklogRound extends CommittedCandles {
  /** None where shares of the hour are left. */
  readonly hoursDone: number
}

/** A statement names so many stretches of hours at most: it stays a few kB, and Trino plans it quickly. */
const MAX_STRETCHES = 40
/** A round reads candle files whole, of all timeframes; this many rows take some 200 MB. */
const MAX_STORED_ROWS = 400_000
/** Late ticks make a few minutes of an hour differ; more are those of history. */
const FULL_MINUTES = 20

/**
 * Recomputes some stale hours from their ticks, replaces what differs, and clears them: one commit, also where nothing
 * differs. An hour too large for that is done in shares of symbols, one a round, and cleared by the last; a later call goes
 * on where this one ends.
 */
export async function backlogRound(
  services: BacklogServices,
  { ticks, candles, state }: Backlog,
  { hours, shares, timeoutMs }: BacklogWork,
): Promise<BacklogRound> {
  const { store, stages, nowMs } = services
  const share = { index: nextShare(state.hours, hours, shares), count: shares }
  const stretches = hours.ranges()
  const later = stretchesBetween(state.vector, ticksState(ticks).vector)
  const fold = { ticks, candles, later, stretches, share }
  const [differing, files] = await Promise.all([
    stages.time('backlog', () => differingMinutes(services, fold, { timeoutMs })),
    planFiles(store, candles),
  ])
  // Where whole hours differ, history came in: what has come of it since goes on at once.
  const hasRest = differing.computed.length < FULL_MINUTES * hours.size
  const after = shareDone(state.hours, hours, share, nowMs() * 1000, hasRest)
  const awaited = state.hours.owed.union(state.hours.damaged).minus(after.owed.union(after.damaged))
  const committed = await commitCandles(
    services,
    candles,
    { ...state, hours: after },
    {
      files,
      ...differing,
      complete: [],
      share,
      scope: { whole: state.hours.damaged.intersect(hours), skip: state.hours.damaged.minus(hours) },
      closing: mayCloseWithin(files, awaited.ranges()),
      isLive: false,
    },
  )
  return { ...committed, hoursDone: share.index === shares - 1 ? hours.size : 0 }
}

/** The hours of the next round: at most so many, and no more than the candle files of which are read at once; one at least. */
export async function hoursOfRound(
  { store }: Pick<Services, 'store'>,
  { candles, hours }: { readonly candles: Table; readonly hours: HoursToDo },
  most: number,
): Promise<HourSet> {
  const files = await planFiles(store, candles)
  for (let atMost = most; ; ) {
    const chosen = chooseHours(hours, atMost)
    const { changing, reading } = touchedFiles(files, rowsFor(chosen.ranges()))
    if (chosen.size <= 1 || rowsIn(changing) + rowsIn(reading) <= MAX_STORED_ROWS) return chosen
    atMost = Math.ceil(chosen.size / 2)
  }
}

/**
 * At most so many hours: owed ones first, then those that are damaged, then the newest. All that are to be done of a day go
 * together, day by day backwards, as long as they are few stretches.
 */
export function chooseHours({ damaged, owed, sweep }: HoursToDo, most: number): HourSet {
  const [urgent] = [owed, damaged, sweep].filter(({ isEmpty }) => !isEmpty)
  if (urgent === undefined) return HourSet.EMPTY
  const lastDay = dayOfHour(urgent.lastHour)
  const candidates = damaged.union(owed).union(sweep)
  const chosen: HourSet[] = []
  let left = most
  let stretches = 0
  for (const [day, mask] of candidates.days().reverse()) {
    if (day > lastDay) continue
    const some = mostUrgent(HourSet.ofMasks([[day, mask]]), urgent, left)
    const nextDay = (day + 1) * HOURS_PER_DAY
    const joins = some.has(nextDay - 1) && chosen.at(-1)?.has(nextDay) === true
    stretches += some.ranges().length - (joins ? 1 : 0)
    if (chosen.length > 0 && stretches > MAX_STRETCHES) break
    chosen.push(some)
    left -= some.size
    if (left <= 0) break
  }
  return HourSet.ofMasks(chosen.flatMap(hours => hours.days()))
}

/** At most so many of the hours: urgent ones first, then the newest. */
function mostUrgent(hours: HourSet, urgent: HourSet, most: number): HourSet {
  const first = newestOf(hours.intersect(urgent), most)
  return first.union(newestOf(hours.minus(urgent), most - first.size))
}

function newestOf(hours: HourSet, most: number): HourSet {
  return most === 0 ? HourSet.EMPTY : HourSet.of([...hours.hours()].slice(-most))
}
