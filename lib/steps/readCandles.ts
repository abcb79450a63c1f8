import { TickhouseError } from '../errors.ts'
import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import { bucketEnd, bucketStart, type Timeframe, timeframeOf } from '../market/timeframe.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import type { CandleSnapshot, SymbolMonths } from './queryCandles.ts'

/** A page of a symbol's candles. */
export interface CandlePage {
  /** The newest `limit` candles of the stretch that was asked for, oldest first. */
  readonly candles: readonly Candle[]
  /** Where the page before this one ends: its `to`. Undefined when the stretch holds nothing older. */
  readonly olderUs: Micros | undefined
}

/** The first look goes back so many times as far as candles without gaps would reach: over most nights and weekends. */
const FIRST_REACH = 4
/** Where there are few candles, each further look goes back so many times as far as the one before, */
const FURTHER = 8
/** but no further than this many buckets, which bounds what Trino reads for it; */
const MOST_BUCKETS = 100_000
/** and after so many looks the page is given as it is: the next one goes on from there. */
const MOST_LOOKS = 3

/**
 * The newest candles of a stretch of time. Only that part of the table is read in which they lie: from the end
 * backwards, as far as it takes. Throws `UnknownSymbol`, and what the archive throws.
 */
export async function readCandles(snapshot: CandleSnapshot, request: CandlesRequest): Promise<CandlePage> {
  const { source, symbol, timeframe, limit } = request
  const months = (await snapshot.symbols()).find(of => of.source === source && of.symbol === symbol)
  if (months === undefined) throw new UnknownSymbol(source, symbol)
  const grid = timeframeOf(timeframe)
  const whole = withinHistory(request, grid, months)
  const found: Candle[] = []
  let reachedUs = whole.toUs
  for (const stretch of looksBack(whole, grid, limit, snapshot.committedAtUs)) {
    const more = await snapshot.newest({ source, symbol, timeframe, ...stretch }, limit - found.length)
    found.push(...more)
    reachedUs = found.length === limit ? found.at(-1)!.dateTimeUs : stretch.fromUs
    if (found.length === limit) break
  }
  return { candles: found.toReversed(), olderUs: reachedUs > whole.fromUs ? reachedUs : undefined }
}

/** The part of the stretch in which the symbol can have candles: a week may begin in the month before. */
function withinHistory(
  { fromUs, toUs }: CandlesRequest,
  grid: Timeframe,
  { firstMonthUs, lastMonthUs }: SymbolMonths,
): TimeRange {
  return {
    fromUs: Math.max(fromUs ?? Number.NEGATIVE_INFINITY, bucketStart(grid, firstMonthUs)),
    toUs: Math.min(toUs ?? Number.POSITIVE_INFINITY, bucketEnd(timeframeOf('M1'), lastMonthUs)),
  }
}

/** Ever longer stretches, backwards. After the commit there is next to nothing, so from there the first one is measured. */
function* looksBack(
  { fromUs, toUs }: TimeRange,
  grid: Timeframe,
  limit: number,
  committedAtUs: Micros,
): Generator<TimeRange> {
  const bucketUs = bucketEnd(grid, bucketStart(grid, fromUs)) - bucketStart(grid, fromUs)
  let buckets = limit * FIRST_REACH
  let endUs = toUs
  for (let look = 0; look < MOST_LOOKS && endUs > fromUs; look++) {
    const reachUs = Math.min(buckets, MOST_BUCKETS) * bucketUs
    const startUs = Math.max(fromUs, Math.min(endUs, committedAtUs) - reachUs)
    yield { fromUs: startUs, toUs: endUs }
    endUs = startUs
    buckets *= FURTHER
  }
}

/** Nobody ever sent a tick of that symbol, or it is not a candle yet. */
export class UnknownSymbol extends TickhouseError {
  constructor(source: string, symbol: string) {
    super(
      'UNKNOWN_SYMBOL',
      `there are no candles of ${JSON.stringify(symbol)} from ${JSON.stringify(source)}`,
    )
  }
}
