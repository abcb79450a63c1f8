import type { Candle, SeriesKey, SymbolOfSource } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import type { CandlesState } from '../tables/candlesState.ts'

/** A symbol with the starts of the months of its first and its last candle. */
export interface SymbolMonths extends SymbolOfSource {
  readonly firstMonthUs: Micros
  readonly lastMonthUs: Micros
}

/** The candles of one symbol and timeframe that begin within a stretch of time. */
export interface CandleStretch extends TimeRange, SeriesKey {}

/** The result of a search. */
export interface FoundCandles {
  /** Newest first. */
  readonly candles: readonly Candle[]
  /** The search stopped here, as older candles are too much work for one search; undefined when it came to the end. */
  readonly restUs: Micros | undefined
}

/** The candles as one commit left them; they never change. */
export interface CandleSnapshot {
  /** Differs from commit to commit. */
  readonly id: string
  readonly committedAtUs: Micros
  /** The state that the commit carries. */
  readonly state: CandlesState
  /** All symbols with candles, sorted by source and symbol. */
  symbols(): Promise<readonly SymbolMonths[]>
  /** The newest candles of the stretch, at most `limit`: those that a bounded amount of work finds. */
  search(stretch: CandleStretch, limit: number): Promise<FoundCandles>
  /** The newest candles of the stretch, at most `limit`, newest first, with as many searches as that takes. */
  newest(stretch: CandleStretch, limit: number): Promise<readonly Candle[]>
}

/** A reader of stored candles. */
export interface CandleArchive {
  /** The candles as the newest commit left them, at most a second old. */
  current(): Promise<CandleSnapshot>
}

/** `CandleSnapshot.newest` by means of `search`. */
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
