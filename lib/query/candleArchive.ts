import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import type { CandlesState } from '../tables/candlesState.ts'

/** A symbol of one source. */
export interface SymbolOfSource {
  readonly source: string
  readonly symbol: string
}

/** A symbol, and the months, by their first moment, of its first and last candle. */
export interface SymbolMonths extends SymbolOfSource {
  readonly firstMonthUs: Micros
  readonly lastMonthUs: Micros
}

/** Which candles: those of one symbol and timeframe that begin within a stretch of time. */
export interface CandleStretch extends TimeRange, SymbolOfSource {
  readonly timeframe: string
}

/** What a search has found. */
export interface FoundCandles {
  /** Newest first. */
  readonly candles: readonly Candle[]
  /** What begins before this moment was not searched, as it is too much for one search; undefined when nothing is left. */
  readonly restUs: Micros | undefined
}

/** The candles as one commit left them: they change no more. */
export interface CandleSnapshot {
  /** Another one for every commit. */
  readonly id: string
  readonly committedAtUs: Micros
  /** What the table says of itself. */
  readonly state: CandlesState
  /** By source and symbol. */
  symbols(): Promise<readonly SymbolMonths[]>
  /** The newest candles of the stretch, at most `limit`: as many of them as a bounded amount of work finds. */
  search(stretch: CandleStretch, limit: number): Promise<FoundCandles>
  /** The newest candles of the stretch, at most `limit`, newest first, whatever it takes. */
  newest(stretch: CandleStretch, limit: number): Promise<readonly Candle[]>
}

/** Where candles are looked up. */
export interface CandleArchive {
  /** The candles as the newest commit left them, or the newest but a second. */
  current(): Promise<CandleSnapshot>
}

/** As `newest`, of a snapshot that can search. */
export async function newestOf(
  { search }: Pick<CandleSnapshot, 'search'>,
  stretch: CandleStretch,
  limit: number,
): Promise<Candle[]> {
  const found: Candle[] = []
  let toUs: Micros | undefined = stretch.toUs
  while (toUs !== undefined && found.length < limit) {
    const { candles, restUs } = await search({ ...stretch, toUs }, limit - found.length)
    found.push(...candles)
    toUs = restUs
  }
  return found
}
