import type { Candle, CandleKey, ComputedCandle } from '../market/candle.ts'
import { sameValues } from '../market/candle.ts'
import { CandleBook, symbolKey } from '../market/candleBook.ts'
import { HourSet, hourOf } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import { refold, rowsFor } from '../market/refold.ts'
import { MINUTE_US, type Micros } from '../market/time.ts'
import { bucketEnd, bucketStart, finerOf, type Timeframe, timeframeOf } from '../market/timeframe.ts'
import type { CandleSnapshot } from '../query/candleArchive.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import type { LiveMinute } from './liveLook.ts'

/** Whose candles, and of which timeframe. */
export type SeriesOf = Omit<CandleKey, 'dateTimeUs'>

/** What some live minutes make of a series. */
export interface LiveCandles {
  readonly candles: readonly ComputedCandle[]
  /** Kafka's timestamp of the oldest tick of the minutes that is not in them; undefined when there is none. */
  readonly waitingSinceUs: Micros | undefined
}

/**
 * The candles of a series that the ticks of some minutes change: as the live lane of the next rollup will commit them. A
 * minute whose stored row is not what the log has below the vector stays as it is stored; so do coarser candles of damaged
 * hours. `known` are stored candles of the series itself: those of m1 are what a live minute is compared with. Throws what the
 * snapshot throws.
 */
export async function liveCandles(
  snapshot: CandleSnapshot,
  { source, symbol, timeframe }: SeriesOf,
  minutes: readonly LiveMinute[],
  known: readonly Candle[],
): Promise<LiveCandles> {
  const { state } = snapshot
  const grid = timeframeOf(timeframe)
  const right = minutes.filter(minute => isRight(state, minute))
  const { reading } = rowsFor(right.map(rangeOf))
  const book = new CandleBook()
  for (const row of known) book.add(row)
  const read = async (of: Timeframe, stretch: TimeRange) => {
    const limit = Math.ceil(
      (stretch.toUs - stretch.fromUs) / (bucketEnd(of, stretch.fromUs) - stretch.fromUs),
    )
    const rows = await snapshot.newest({ source, symbol, timeframe: of.name, ...stretch }, limit)
    for (const row of rows) book.add(row)
  }
  await Promise.all(madeOf(grid).flatMap(of => reading.get(of.name)!.map(stretch => read(of, stretch))))
  const key = symbolKey({ source, symbol })
  const exact = right.filter(({ dateTimeUs, below }) => {
    const stored = book.stored('m1', dateTimeUs, key)
    return below !== undefined && stored !== undefined ? sameValues(below, stored) : below === stored
  })
  for (const { dateTimeUs, all } of exact) book.put({ source, symbol, timeframe: 'm1', dateTimeUs, ...all })
  refold(book, { whole: HourSet.EMPTY, skip: state.hours.damaged })
  const changed = book.differing(timeframe)
  const isShown = (minute: LiveMinute) =>
    exact.includes(minute) && changed.has(bucketStart(grid, minute.dateTimeUs))
  return {
    candles: [...changed.values()].flatMap(entries =>
      [...entries.values()].flatMap(({ computed }) => computed ?? []),
    ),
    waitingSinceUs: earliest(minutes.filter(minute => !isShown(minute)).map(({ sinceUs }) => sinceUs)),
  }
}

/** The earliest of some moments; undefined without one. */
export function earliest(timesUs: readonly Micros[]): Micros | undefined {
  return timesUs.length === 0 ? undefined : Math.min(...timesUs)
}

/** False for a minute that may lack ticks below the vector, or whose candles do not follow their ticks. */
function isRight({ hours, held }: CandlesState, { dateTimeUs }: LiveMinute): boolean {
  const { fromUs, toUs } = hours.exact
  const isExact = dateTimeUs >= fromUs && dateTimeUs < toUs
  const hour = hourOf(dateTimeUs)
  return (isExact || !hours.stale.has(hour)) && !held.has(hour)
}

function rangeOf({ dateTimeUs }: LiveMinute): TimeRange {
  return { fromUs: dateTimeUs, toUs: dateTimeUs + MINUTE_US }
}

/** The timeframes whose stored candles it takes, beside its own: of h1 these are m1, of W1 they are D1, h1 and m1. */
function madeOf(timeframe: Timeframe): Timeframe[] {
  const finer = finerOf(timeframe)
  return finer === undefined ? [] : [finer, ...madeOf(finer)]
}
