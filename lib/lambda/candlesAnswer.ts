import type { PageCandle } from '../live/withLive.ts'
import { formatDateTime, type Micros } from '../market/time.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { SymbolMonths } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'

/** A page, some of whose candles may be live. */
interface AnsweredPage extends CandlePage {
  readonly candles: readonly PageCandle[]
}

/** What is known only where Kafka could be asked. */
interface LiveStatus {
  /** Kafka's timestamp of the oldest tick that the page lacks; undefined when it has all. */
  readonly waitingSinceUs: Micros | undefined
}

/** What `GET /candles` answers: oldest first, with the `to` that asks for the page before, or null at the beginning. */
export function candlesAnswer(
  { source, symbol, timeframe }: CandlesRequest,
  page: AnsweredPage,
  live?: LiveStatus,
) {
  return {
    source,
    symbol,
    timeframe,
    candles: page.candles.map(
      ({ dateTimeUs, updatedAtUs, asOfUs, open, high, low, close, volume, closed, revision }) => ({
        dateTime: formatDateTime(dateTimeUs),
        ...{ open, high, low, close, volume, closed, revision },
        updatedAt: formatDateTime(updatedAtUs),
        ...(asOfUs === undefined ? {} : { live: true, asOf: formatDateTime(asOfUs) }),
      }),
    ),
    older: momentOf(page.olderUs),
    ...(live === undefined ? {} : { status: { waitingSince: momentOf(live.waitingSinceUs) } }),
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
