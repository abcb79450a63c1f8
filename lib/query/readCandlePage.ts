import { TickhouseError } from '../errors.ts'
import type { Candle, SymbolOfSource } from '../market/candle.ts'
import { type Micros, NEWEST_US, OLDEST_US } from '../market/time.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import type { CandleSnapshot } from './candleArchive.ts'

/** A page of a symbol's candles. */
export interface CandlePage {
  /** The newest `limit` candles of the stretch that was asked for, or fewer, oldest first. */
  readonly candles: readonly Candle[]
  /** The `to` of the page before this one; undefined when the stretch holds nothing older. */
  readonly olderUs: Micros | undefined
}

/**
 * Reads the newest candles of a stretch of time. A page has fewer than `limit` where more would take too long; the page before
 * goes on from there. Throws what the archive throws.
 */
export async function readCandlePage(snapshot: CandleSnapshot, request: CandlesRequest): Promise<CandlePage> {
  const { source, symbol, timeframe, limit, fromUs = OLDEST_US, toUs = NEWEST_US } = request
  // One candle more tells whether there is an older one.
  const { candles, restUs } = await snapshot.search({ source, symbol, timeframe, fromUs, toUs }, limit + 1)
  const page = candles.slice(0, limit).toReversed()
  return { candles: page, olderUs: candles.length > limit ? page[0]!.dateTimeUs : restUs }
}

/** Throws `UnknownSymbol` for a symbol without candles, and what the archive throws. */
export async function checkSymbol(
  snapshot: CandleSnapshot,
  { source, symbol }: SymbolOfSource,
): Promise<void> {
  const symbols = await snapshot.symbols()
  if (!symbols.some(of => of.source === source && of.symbol === symbol))
    throw new UnknownSymbol(source, symbol)
}

/** The start of the symbol's newest m1 candle; undefined where none was found. */
export async function newestMinute(
  snapshot: CandleSnapshot,
  { source, symbol }: SymbolOfSource,
): Promise<Micros | undefined> {
  const ever = { source, symbol, timeframe: 'm1', fromUs: OLDEST_US, toUs: NEWEST_US }
  const { candles } = await snapshot.search(ever, 1)
  return candles[0]?.dateTimeUs
}

/** The symbol has no candle: no tick of it was ever sent, or none is in a candle yet. */
export class UnknownSymbol extends TickhouseError {
  constructor(source: string, symbol: string) {
    super(
      'UNKNOWN_SYMBOL',
      `there are no candles of ${JSON.stringify(symbol)} from ${JSON.stringify(source)}`,
    )
  }
}
