import { currentSnapshot } from '../iceberg/metadata.ts'
import { planFiles } from '../iceberg/plan.ts'
import { HourSet } from '../market/hours.ts'
import { clipRanges, subtractRanges, type TimeRange } from '../market/range.ts'
import { floorTo, MINUTE_US, type Micros } from '../market/time.ts'
import type { Services } from '../services.ts'
import type { CandlesState, PendingClose, StaleHours } from '../tables/candlesState.ts'
import { distance, nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { isTooMuchWork } from '../trino/errors.ts'
import { chooseClosing, mayCloseWithin } from './closing.ts'
import { type CommitServices, type CommittedCandles, commitCandles } from './commitCandles.ts'
import { type FoldedAhead, foldLive } from './foldAhead.ts'
import { type LookedAt, lookAtForeign } from './foreign.ts'
import { chooseLiveMinutes, dividedBy, type LiveMinutes, narrowestWindow } from './liveWindow.ts'
import { findNewTicks, type NewTicks } from './newTicks.ts'
import { dueNow, stillPending } from './pendingCloses.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { joinSweep, markLeft, mayJoin, owe } from './staleHours.ts'
import { ALL_SYMBOLS } from './symbolShare.ts'
import { tellForeign } from './tellForeign.ts'

export type LiveServices = CommitServices & Pick<Services, 'query' | 'topicLog' | 'log'>

/** What a call's first live round begins with; a later one begins with nothing. */
export interface LiveStart {
  /** What may close once its ticks are in. */
  readonly awaited?: PendingClose | undefined
  /** Where the call began: while ticks have come since, Kafka's time of the newest bounds what is due. */
  readonly since: OffsetVector
  /** What was folded while they were awaited. */
  readonly ahead?: FoldedAhead | undefined
}

/** What a live round did. */
export interface LiveRound {
  /** Undefined where there was nothing to commit. */
  readonly committed: CommittedCandles | undefined
  /** The candles after the check for foreign changes; the backlog continues from them where nothing was committed. */
  readonly looked: Pick<RollupInputs, 'candles' | 'state'>
  /** Hours that new ticks still flow into faster than each can be looked at. */
  readonly flooded: HourSet
  /** True when more candles are due than one round closes. */
  readonly hasMore: boolean
}

/** So many rows of candle files are read to close what is due; the rest closes in the next round. */
const MAX_CLOSING_ROWS = 400_000
/** Progress over bad ticks alone is worth a commit when so many offsets have piled up. */
const WORTH_A_COMMIT = 1_000
/** A statement that a narrower one can take the place of has this long. */
const WIDE_MS = 15_000
/** New ticks in so many hours at once are a delivery of their own, and no trickle that one sweep takes together. */
const DELIVERY_HOURS = 48

/**
 * Takes in all new ticks at once: recomputes the minutes around now that they touch, marks the hours of all others, and
 * closes what is due. One commit. A statement that is too much for Trino is tried once more with the last three minutes.
 */
export async function liveRound(
  services: LiveServices,
  given: RollupInputs,
  { awaited, ahead, since }: LiveStart,
): Promise<LiveRound> {
  const { store, log, stages, nowMs } = services
  const nowUs = nowMs() * 1000
  const looked = await stages.time('metadata', () => lookAtForeign(services, given))
  const { inputs } = looked
  const { news, late } = withoutHeld(
    await stages.time('metadata', () => findNewTicks(store, inputs)),
    inputs.state.held,
  )
  const narrowest = narrowestWindow(nowUs)
  const minutes = await chooseLiveMinutes(store, inputs.ticks, news.minutes, nowUs)
  const round = (live: LiveMinutes, timeoutMs?: number) =>
    takeIn(services, inputs, awaited, { news, late, looked, live, nowUs, ahead, since, timeoutMs })
  try {
    return await round(minutes, minutes.window.fromUs < narrowest.fromUs ? WIDE_MS : undefined)
  } catch (error) {
    if (!isTooMuchWork(error) || minutes.window.fromUs >= narrowest.fromUs) throw error
    log.warn('the live statement was too much; only the last three minutes are live', {
      error: error.message,
    })
    return round(dividedBy(narrowest, news.minutes))
  }
}

/** New ticks, and the minutes of those that come too late for candles which are held. */
function withoutHeld(news: NewTicks, held: HourSet): { news: NewTicks; late: TimeRange[] } {
  const hours = held.isEmpty ? held : held.intersect(HourSet.touching(news.minutes))
  if (hours.isEmpty) return { news, late: [] }
  const late = hours.ranges().flatMap(range => clipRanges(news.minutes, range))
  return { news: { ...news, minutes: subtractRanges(news.minutes, late) }, late }
}

interface LiveWork {
  readonly news: NewTicks
  /** Minutes of new ticks that are not computed, as their candles are held. */
  readonly late: readonly TimeRange[]
  readonly looked: LookedAt
  readonly live: LiveMinutes
  readonly nowUs: Micros
  readonly ahead: FoldedAhead | undefined
  readonly since: OffsetVector
  readonly timeoutMs: number | undefined
}

async function takeIn(
  services: LiveServices,
  inputs: RollupInputs,
  awaited: PendingClose | undefined,
  { news, late, looked, live, nowUs, ahead, since, timeoutMs }: LiveWork,
): Promise<LiveRound> {
  const { store, stages } = services
  const { candles, ticks, ticksVector, state: before, startedMs } = inputs
  const files = await stages.time('metadata', () => planFiles(store, candles))
  // What a clock that ran ahead wrote down as due is not due by this one.
  const closes = [...before.pending, ...(awaited === undefined ? [] : [awaited])].filter(
    ({ dueUs }) => dueUs <= nowUs,
  )
  const dueUs = await dueAt(services, inputs, closes, since)
  const closing = chooseClosing(files, before.closedUntilUs, dueUs, MAX_CLOSING_ROWS)
  const marked = markNews(before.hours, news, live, nowUs)
  const next: CandlesState = {
    ...before,
    vector: ticksVector,
    ticksSequence: currentSnapshot(ticks)!.sequenceNumber,
    hours: owe(marked, before.closedUntilUs, closing.untilUs),
    closedUntilUs: closing.untilUs,
    pending: stillPending(closes, ticksVector, closing.untilUs),
  }
  const flooded = news.isExact ? HourSet.EMPTY : HourSet.touching(live.left)
  const hasMore = closing.untilUs < dueUs
  const isForeign = looked.seen.length + late.length > 0
  if (!isForeign && !isWorthwhile(before, next, news.minutes))
    return { committed: undefined, looked: inputs, flooded, hasMore: false }
  const computed = await stages.time('select', () =>
    foldLive(services, { ticks, stretches: live.inside }, ahead, { timeoutMs }),
  )
  const committed = await commitCandles(
    services,
    candles,
    next,
    {
      files,
      computed,
      surplus: [],
      complete: live.inside,
      scope: { whole: looked.refolded, skip: before.hours.damaged },
      share: ALL_SYMBOLS,
      closing: [...closing.files, ...mayCloseWithin(files, looked.settled.ranges())],
      isLive: looked.refolded.isEmpty,
    },
    { startedMs, closesMinute: closing.untilUs > before.closedUntilUs },
  )
  tellForeign(services.log, looked, { hours: before.held, late })
  return { committed, looked: inputs, flooded, hasMore }
}

/** Marks what the round leaves; a delivery of many hours at once does not wait for the sweep after the present one. */
function markNews(
  before: StaleHours,
  news: NewTicks,
  { left, window }: LiveMinutes,
  nowUs: Micros,
): StaleHours {
  const marked = markLeft(before, { left, window, nowUs })
  const marks = HourSet.touching(left)
  const isDelivery = news.isExact && marks.size >= DELIVERY_HOURS && mayJoin(before, nowUs)
  return isDelivery ? joinSweep(marked, marks, nowUs) : marked
}

/**
 * The moment up to which candles are due. While ticks come, never later than a minute after Kafka got the newest: a clock
 * that runs ahead closes nothing early.
 */
async function dueAt(
  services: LiveServices,
  { state, ticksVector }: RollupInputs,
  closes: readonly PendingClose[],
  since: OffsetVector,
): Promise<Micros> {
  const dueUs = (await dueNow(services, ticksVector, closes)) ?? state.closedUntilUs
  return Math.max(state.closedUntilUs, Math.min(dueUs, newestUs(since, ticksVector) + MINUTE_US))
}

/** When Kafka got the newest record between the vectors, as a whole minute; infinite where there is none. */
function newestUs(from: OffsetVector, to: OffsetVector): Micros {
  const timesMs = to.positions
    .filter(({ partition, epoch, next }) => next > nextOffset(from, partition, epoch))
    .map(({ timestampMs }) => timestampMs)
  return timesMs.length === 0 ? Number.POSITIVE_INFINITY : floorTo(Math.max(...timesMs) * 1000, MINUTE_US)
}

/** False when no candle can change and no progress needs to be kept: then Trino is not asked either. */
function isWorthwhile(before: CandlesState, next: CandlesState, touched: readonly TimeRange[]): boolean {
  return (
    touched.length > 0 ||
    next.closedUntilUs > before.closedUntilUs ||
    distance(before.vector, next.vector) >= WORTH_A_COMMIT
  )
}
