import { TickhouseError } from '../errors.ts'
import type { Candle, SymbolOfSource } from '../market/candle.ts'
import { type Micros, NEWEST_US, OLDEST_US } from '../market/time.ts'
import type { TimeframeName } from '../market/timeframe.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import type { CandleSnapshot, CandleStretch } from './candleArchive.ts'

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

/** The start of the symbol's newest m1 candle; undefined where it has none. */
export async function newestMinute(
  snapshot: CandleSnapshot,
  { source, symbol }: SymbolOfSource,
): Promise<Micros | undefined> {
  return newestStart(snapshot, { source, symbol, fromUs: OLDEST_US, toUs: NEWEST_US }, [
    'm1',
    'h1',
    'D1',
    'M1',
  ])
}

/**
 * The start of the newest candle of the first timeframe. Where one search does not come so far, the candles of the next one, of
 * which there are far fewer, say where it may lie.
 */
async function newestStart(
  snapshot: CandleSnapshot,
  within: Omit<CandleStretch, 'timeframe'>,
  [timeframe, next, ...others]: readonly TimeframeName[],
): Promise<Micros | undefined> {
  let toUs: Micros | undefined = within.toUs
  while (toUs !== undefined) {
    const { candles, restUs } = await snapshot.search({ ...within, timeframe: timeframe!, toUs }, 1)
    if (candles.length > 0 || restUs === undefined) return candles[0]?.dateTimeUs
    const rest = { ...within, toUs: restUs }
    const fromUs = next === undefined ? within.fromUs : await newestStart(snapshot, rest, [next, ...others])
    if (fromUs === undefined) return undefined
    const [newest] = await snapshot.newest({ ...rest, timeframe: timeframe!, fromUs }, 1)
    if (newest !== undefined) return newest.dateTimeUs
    toUs = next === undefined ? undefined : fromUs
  }
  return undefined
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
