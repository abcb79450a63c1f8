import type { CandleKey } from '../market/candle.ts'
import { HourSet } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import { HOUR_US, MINUTE_US, type Micros, SECOND_US } from '../market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, timeframeOf } from '../market/timeframe.ts'
import type { StaleHours } from '../tables/candlesState.ts'
import type { SymbolShare } from './symbolShare.ts'

/** At most this long a stale hour that is not owed waits for the next sweep. */
export const MAX_REST_US = 5 * MINUTE_US
/** A sweep that takes longer is followed by a rest four times as long: so late ticks take a fifth of the time at most. */
const CHEAP_SWEEP_US = 5 * SECOND_US
const REST_PER_WORK = 4

/** The hours that rounds of the backlog are chosen from. */
export type HoursToDo = Pick<StaleHours, 'owed' | 'damaged' | 'sweep'>

/** What a live round found: it recomputed the touched minutes within the window, and marks the others. */
export interface LiveMarks {
  /** Minutes that new ticks touch and that the round does not recompute. */
  readonly left: readonly TimeRange[]
  readonly window: TimeRange
  readonly nowUs: Micros
}

/**
 * Marks the hours of the minutes that a live round leaves, and moves the exact stretch on to the end of its window: less
 * what was marked in it, and less the stale hours that come into the window from the future.
 */
export function markLeft(hours: StaleHours, { left, window, nowUs }: LiveMarks): StaleHours {
  const marks = HourSet.touching(left)
  const stale = hours.stale.union(marks)
  const { exact } = hours
  const before = marks.within([{ fromUs: exact.fromUs, toUs: window.fromUs }])
  const entering = hours.stale.within([{ fromUs: exact.toUs, toUs: window.toUs }])
  const fromUs = Math.max(
    exact.fromUs,
    before.isEmpty ? exact.fromUs : window.fromUs,
    entering.isEmpty ? exact.fromUs : window.toUs,
  )
  // Where the clock went back, the exact stretch goes on behind the window.
  const behind = marks.within([{ fromUs: window.toUs, toUs: exact.toUs }])
  const toUs = Math.max(window.toUs, behind.isEmpty ? exact.toUs : behind.firstHour * HOUR_US)
  const { partly } = hours
  return {
    ...hours,
    stale,
    partly: partly && marks.has(partly.hour) ? { ...partly, isBehind: true } : partly,
    staleSinceUs: stale.isEmpty ? 0 : hours.stale.isEmpty ? nowUs : hours.staleSinceUs,
    exact: widened({ fromUs, toUs }, stale),
  }
}

/** Marks hours whose ticks have changed, whether or not they lie in the exact stretch. */
export function markStale(hours: StaleHours, stale: HourSet, nowUs: Micros): StaleHours {
  if (stale.isEmpty) return hours
  return markLeft(hours, {
    left: stale.ranges(),
    window: { fromUs: endOfHour(stale.lastHour), toUs: hours.exact.toUs },
    nowUs,
  })
}

/** Marks hours whose stored candles may be wrong, of every timeframe. */
export function markDamaged(hours: StaleHours, damaged: HourSet, nowUs: Micros): StaleHours {
  if (damaged.isEmpty) return hours
  const marked = markStale(hours, damaged, nowUs)
  const { partly } = hours
  const isVoid = partly !== undefined && damaged.has(partly.hour)
  return { ...marked, damaged: hours.damaged.union(damaged), partly: isVoid ? undefined : partly }
}

/** Closes become due up to a moment: the stale hours of the buckets that end in between, and are not exact, are owed. */
export function owe(hours: StaleHours, closedUntilUs: Micros, dueUs: Micros): StaleHours {
  if (dueUs <= closedUntilUs || hours.stale.isEmpty) return hours
  const { exact } = hours
  const buckets = TIMEFRAMES.map(timeframe => {
    const fromUs = bucketStart(timeframe, closedUntilUs)
    const toUs = bucketStart(timeframe, dueUs)
    const exactFromUs = bucketEnd(timeframe, bucketStart(timeframe, exact.fromUs - 1))
    return { fromUs, toUs: toUs <= exact.toUs ? Math.min(toUs, exactFromUs) : toUs }
  }).filter(({ fromUs, toUs }) => fromUs < toUs)
  const owed = hours.stale.within(buckets)
  const { partly } = hours
  // These closes wait for all that has come before them, and some of its shares lack some of that.
  const isVoid = partly?.isBehind === true && owed.has(partly.hour)
  return { ...hours, owed: hours.owed.union(owed), partly: isVoid ? undefined : partly }
}

/** True unless a sweep began a short while ago: deliveries that come minute by minute are a trickle. */
export function mayJoin({ sweepBeganUs }: StaleHours, nowUs: Micros): boolean {
  return !isWithinRest(sweepBeganUs + MAX_REST_US, nowUs)
}

/** Begins a sweep with these hours, or adds them to the present one. */
export function joinSweep(hours: StaleHours, joining: HourSet, nowUs: Micros): StaleHours {
  if (joining.isEmpty) return hours
  const sweepBeganUs = hours.sweep.isEmpty ? nowUs : hours.sweepBeganUs
  return { ...hours, sweep: hours.sweep.union(joining), sweepBeganUs }
}

/** Hours that a sweep does not wait for. */
export interface NotNow {
  /** A flood still fills them. */
  readonly flooded: HourSet
  /** They could not be recomputed in this call. */
  readonly failed: HourSet
}

/**
 * The hours that are to be done now: those that are damaged or owed, and those of the sweep; where no sweep is under way
 * and the last one's rest is over, all stale ones. Hours that a flood still fills wait for its end, five minutes at most.
 * What has failed leaves the sweep: one that waited for it would never end, and no other begin.
 */
export function hoursToDo(before: StaleHours, { flooded, failed }: NotNow, nowUs: Micros): StaleHours {
  const hours = { ...before, sweep: before.sweep.minus(failed) }
  if (!hours.sweep.isEmpty || isWithinRest(hours.restUntilUs, nowUs)) return hours
  const mayWait = isWithinRest(hours.staleSinceUs + MAX_REST_US, nowUs)
  const joining = hours.stale.minus(failed)
  return joinSweep(hours, mayWait ? joining.minus(flooded) : joining, nowUs)
}

/** True in the five minutes before the moment: a rest that a clock since stepped back has put further off is over. */
function isWithinRest(untilUs: Micros, nowUs: Micros): boolean {
  return nowUs < untilUs && nowUs >= untilUs - MAX_REST_US
}

/** Without some hours that are left to a later call. */
export function withoutHours({ owed, damaged, sweep }: HoursToDo, left: HourSet): HoursToDo {
  return { owed: owed.minus(left), damaged: damaged.minus(left), sweep: sweep.minus(left) }
}

/** Hours were recomputed, and are right now. The last hour of a sweep ends it, and begins its rest where it has one. */
export function clear(hours: StaleHours, done: HourSet, nowUs: Micros, hasRest = true): StaleHours {
  const stale = hours.stale.minus(done)
  const sweep = hours.sweep.minus(done)
  const endsSweep = sweep.isEmpty && !hours.sweep.isEmpty
  const tookUs = nowUs - hours.sweepBeganUs
  const restUs = !hasRest || tookUs <= CHEAP_SWEEP_US ? 0 : Math.min(MAX_REST_US, REST_PER_WORK * tookUs)
  return {
    stale,
    owed: hours.owed.minus(done),
    damaged: hours.damaged.minus(done),
    partly: hours.partly && done.has(hours.partly.hour) ? undefined : hours.partly,
    sweep,
    sweepBeganUs: hours.sweepBeganUs,
    restUntilUs: endsSweep ? nowUs + restUs : hours.restUntilUs,
    staleSinceUs: stale.isEmpty ? 0 : hours.staleSinceUs,
    exact: widened(hours.exact, stale),
  }
}

/** The next share of an hour that is done in `count` shares; the first one where the progress is unknown. */
export function nextShare({ partly }: StaleHours, hours: HourSet, count: SymbolShare['count']): number {
  const isKnown = hours.size === 1 && partly?.hour === hours.firstHour && partly.count === count
  return isKnown ? partly.done : 0
}

/**
 * A share of some hours was recomputed: the last one clears them. An hour that ticks have come into since the first stays
 * stale, for a later sweep; it is owed no longer, as those ticks came after the closes that wait for it.
 */
export function shareDone(
  before: StaleHours,
  done: HourSet,
  { index, count }: SymbolShare,
  nowUs: Micros,
  hasRest = true,
): StaleHours {
  const isBehind = index > 0 && before.partly?.isBehind === true
  if (index < count - 1) {
    return { ...before, partly: { hour: done.firstHour, count, done: index + 1, isBehind } }
  }
  const after = clear(before, done, nowUs, hasRest)
  const { stale, staleSinceUs, exact } = before
  return isBehind ? { ...after, stale, staleSinceUs, exact } : after
}

/** The exact stretch, extended back to the last stale hour before it: minutes in between are right too. */
function widened({ fromUs, toUs }: TimeRange, stale: HourSet): TimeRange {
  const before = stale.within([{ fromUs: EVER_US, toUs }])
  return { fromUs: Math.min(fromUs, before.isEmpty ? EVER_US : endOfHour(before.lastHour)), toUs }
}

/** No candle begins earlier; a safe integer, as the state's moments are. */
const EVER_US = Date.UTC(1690, 0) * 1000

function endOfHour(hour: number): Micros {
  return (hour + 1) * HOUR_US
}

/**
 * Decides which candles are closed: their end is due, and they are exact or no hour of their bucket is owed or damaged. A damaged
 * hour counts too: the bucket's owed hours may be done before it, and the candle is not computed from them until it is done.
 */
export function closedBy(
  { owed, damaged, exact }: StaleHours,
  closedUntilUs: Micros,
): (candle: Pick<CandleKey, 'timeframe' | 'dateTimeUs'>) => boolean {
  return ({ timeframe, dateTimeUs }) => {
    const endUs = bucketEnd(timeframeOf(timeframe), dateTimeUs)
    if (endUs > closedUntilUs) return false
    const isExact = dateTimeUs >= exact.fromUs && endUs <= exact.toUs
    return isExact || !(owed.touches(dateTimeUs, endUs) || damaged.touches(dateTimeUs, endUs))
  }
}
