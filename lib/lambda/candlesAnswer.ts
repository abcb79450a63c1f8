import { earliest } from '../live/liveCandles.ts'
import type { LiveMinute } from '../live/liveLook.ts'
import type { LivePage, PageCandle } from '../live/withLive.ts'
import { formatDateTime, type Micros } from '../market/time.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { CandleSnapshot, SymbolMonths } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'

/** The inputs of an answer's `status`. */
export interface AnswerStatus {
  readonly snapshot: Pick<CandleSnapshot, 'committedAtUs' | 'state'>
  /** The start of the newest minute in which the symbol has ticks, by its stored candles. */
  readonly newestMinuteUs: Micros | undefined
  /** The symbol's minutes with uncommitted ticks, oldest first; undefined where Kafka could not be read. */
  readonly minutes: readonly LiveMinute[] | undefined
  readonly nowMs: number
}

/** The body of `GET /candles`: candles oldest first. `older` is the `to` of the page before, or null at the beginning. */
export function candlesAnswer(
  { source, symbol, timeframe }: CandlesRequest,
  page: CandlePage | LivePage,
  status: AnswerStatus,
) {
  return {
    source,
    symbol,
    timeframe,
    candles: page.candles.map(candleAnswer),
    older: momentOf(page.olderUs),
    status: statusOf(page, status),
  }
}

function candleAnswer(candle: PageCandle) {
  const { dateTimeUs, updatedAtUs, asOfUs, open, high, low, close, volume, closed, revision } = candle
  return {
    dateTime: formatDateTime(dateTimeUs),
    ...{ open, high, low, close, volume, closed, revision },
    updatedAt: formatDateTime(updatedAtUs),
    ...(asOfUs === undefined ? {} : { live: true, asOf: formatDateTime(asOfUs) }),
  }
}

function statusOf(page: CandlePage | LivePage, { snapshot, newestMinuteUs, minutes, nowMs }: AnswerStatus) {
  const { committedAtUs, state } = snapshot
  return {
    // The state has 0 before the first candle closes.
    closedUntil: momentOf(state.closedUntilUs || undefined),
    committedAt: formatDateTime(committedAtUs),
    newestMinute: momentOf(latest([newestMinuteUs, minutes?.at(-1)?.dateTimeUs])),
    ...(minutes === undefined ? {} : waitingTicks(page, minutes)),
    staleHours: state.hours.stale.size,
    serverTime: formatDateTime(nowMs * 1_000),
  }
}

/** Kafka's timestamps of the oldest tick that the answer lacks, and of the oldest uncommitted tick. */
function waitingTicks(page: CandlePage | LivePage, minutes: readonly LiveMinute[]) {
  return {
    waitingSince: momentOf('waitingSinceUs' in page ? page.waitingSinceUs : undefined),
    uncommittedSince: momentOf(earliest(minutes.map(({ sinceUs }) => sinceUs))),
  }
}

function latest(timesUs: readonly (Micros | undefined)[]): Micros | undefined {
  return timesUs.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined)
}

function momentOf(timeUs: Micros | undefined): string | null {
  return timeUs === undefined ? null : formatDateTime(timeUs)
}

/** The body of `GET /symbols`: all symbols with candles, and the timeframes from short to long. */
export function symbolsAnswer(symbols: readonly SymbolMonths[]) {
  return {
    timeframes: TIMEFRAMES.map(({ name }) => name),
    symbols: symbols.map(({ source, symbol }) => ({ source, symbol })),
  }
}
