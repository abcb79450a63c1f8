import { formatDateTime } from '../market/time.ts'
import { TIMEFRAMES } from '../market/timeframe.ts'
import type { SymbolMonths } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'

/** What `GET /candles` answers: oldest first, with the `to` that asks for the page before, or null at the beginning. */
export function candlesAnswer({ source, symbol, timeframe }: CandlesRequest, page: CandlePage) {
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
    older: page.olderUs === undefined ? null : formatDateTime(page.olderUs),
  }
}

/** What `GET /symbols` answers: whose candles there are, and in which timeframes, short to long. */
export function symbolsAnswer(symbols: readonly SymbolMonths[]) {
  return {
    timeframes: TIMEFRAMES.map(({ name }) => name),
    symbols: symbols.map(({ source, symbol }) => ({ source, symbol })),
  }
}
