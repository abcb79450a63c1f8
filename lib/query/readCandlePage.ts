import { TickhouseError } from '../errors.ts'
import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import { type Micros, NEWEST_US, OLDEST_US } from '../market/time.ts'
import { bucketEnd, bucketStart, type Timeframe, timeframeOf } from '../market/timeframe.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import type { CandleSnapshot } from './candleArchive.ts'

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
/** as far as if at least so many were wanted, or a gap of a year would take thousands of pages of one candle; */
const LEAST_LIMIT = 50
/** but no further than this many buckets, which bounds what Trino reads for it; */
const MOST_BUCKETS = 100_000
/** and after so many more looks the page is given as it is: the next one goes on from there. */
const MORE_LOOKS = 2

/**
 * The newest candles of a stretch of time. Only that part of the table is read in which they lie: from the end
 * backwards, as far as it takes; mostly one look. Throws `UnknownSymbol`, and what the archive throws.
 */
export async function readCandlePage(snapshot: CandleSnapshot, request: CandlesRequest): Promise<CandlePage> {
  const { source, symbol, timeframe, limit, fromUs = OLDEST_US, toUs = NEWEST_US } = request
  const grid = timeframeOf(timeframe)
  const found: Candle[] = []
  const look = async (stretch: TimeRange) => {
    const some = await snapshot.newest({ source, symbol, timeframe, ...stretch }, limit - found.length)
    found.push(...some)
    return found.length === limit ? found.at(-1)!.dateTimeUs : stretch.fromUs
  }
  const page = (reachedUs: Micros, firstUs: Micros): CandlePage => ({
    candles: found.toReversed(),
    olderUs: reachedUs > firstUs ? reachedUs : undefined,
  })

  // After the commit there is next to nothing, so the first stretch is measured from there.
  const backUs = Math.min(toUs, snapshot.committedAtUs) - reach(grid, limit * FIRST_REACH)
  let reachedUs = await look({ fromUs: Math.max(fromUs, backUs), toUs })
  if (found.length === limit) return page(reachedUs, fromUs)
  const history = await historyOf(snapshot, request, grid)
  const rest = { fromUs: Math.max(fromUs, history.fromUs), toUs: Math.min(reachedUs, history.toUs) }
  reachedUs = rest.toUs
  for (const stretch of looksBack(rest, grid, limit)) {
    reachedUs = await look(stretch)
    if (found.length === limit) break
  }
  return page(reachedUs, rest.fromUs)
}

/** The stretch in which the symbol can have candles: a week may begin in the month before. Throws `UnknownSymbol`. */
async function historyOf(
  snapshot: CandleSnapshot,
  { source, symbol }: CandlesRequest,
  grid: Timeframe,
): Promise<TimeRange> {
  const months = (await snapshot.symbols()).find(of => of.source === source && of.symbol === symbol)
  if (months === undefined) throw new UnknownSymbol(source, symbol)
  const toUs = bucketEnd(timeframeOf('M1'), months.lastMonthUs)
  return { fromUs: bucketStart(grid, months.firstMonthUs), toUs }
}

/** Ever longer stretches, backwards. */
function* looksBack({ fromUs, toUs }: TimeRange, grid: Timeframe, limit: number): Generator<TimeRange> {
  let buckets = Math.max(limit, LEAST_LIMIT) * FIRST_REACH
  let endUs = toUs
  for (let look = 0; look < MORE_LOOKS && endUs > fromUs; look++) {
    buckets *= FURTHER
    const startUs = Math.max(fromUs, endUs - reach(grid, buckets))
    yield { fromUs: startUs, toUs: endUs }
    endUs = startUs
  }
}

/** About how long so many buckets are, microseconds. */
function reach(grid: Timeframe, buckets: number): number {
  return Math.min(buckets, MOST_BUCKETS) * bucketEnd(grid, 0)
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
