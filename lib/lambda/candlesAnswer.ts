import { formatDateTime, type Micros } from '../market/time.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { CandleSnapshot, SymbolMonths } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'

/** How old an answer is, and what it may lack. */
export interface AnswerStatus {
  readonly snapshot: Pick<CandleSnapshot, 'committedAtUs' | 'state'>
  /** The start of the newest minute in which the symbol has ticks. */
  readonly newestMinuteUs: Micros | undefined
  readonly nowMs: number
}

/** What `GET /candles` answers: oldest first, with the `to` that asks for the page before, or null at the beginning. */
export function candlesAnswer(
  { source, symbol, timeframe }: CandlesRequest,
  page: CandlePage,
  status: AnswerStatus,
) {
  return {
    source,
    symbol,
    timeframe,
    candles: page.candles.map(
      ({ dateTimeUs, updatedAtUs, open, high, low, close, volume, closed, revision }) => ({
        dateTime: formatDateTime(dateTimeUs),
        ...{ open, high, low, close, volume, closed, revision },
        updatedAt: formatDateTime(updatedAtUs),
      }),
    ),
    older: momentOf(page.olderUs),
    status: statusOf(status),
  }
}

function statusOf({ snapshot: { committedAtUs, state }, newestMinuteUs, nowMs }: AnswerStatus) {
  return {
    // 0 before the first candle closes.
    closedUntil: momentOf(state.closedUntilUs || undefined),
    committedAt: formatDateTime(committedAtUs),
    newestMinute: momentOf(newestMinuteUs),
    staleHours: state.hours.stale.size,
    serverTime: formatDateTime(nowMs * 1_000),
  }
}

function momentOf(timeUs: Micros | undefined): string | null {
  return timeUs === undefined ? null : formatDateTime(timeUs)
}

/** What `GET /symbols` answers: whose candles there are, and in which timeframes, short to long. */
export function symbolsAnswer(symbols: readonly SymbolMonths[]) {
  return {
    timeframes: TIMEFRAMES.map(({ name }) => name),
    symbols: symbols.map(({ source, symbol }) => ({ source, symbol })),
  }
}
