import { type Candle, type ComputedCandle, type SeriesKey, sameValues } from '../market/candle.ts'
import { CandleBook, symbolKey } from '../market/candleBook.ts'
import { HourSet, hourOf } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import { refold, rowsFor } from '../market/refold.ts'
import { MINUTE_US, type Micros } from '../market/time.ts'
import { bucketEnd, bucketStart, finerOf, type Timeframe, timeframeOf } from '../market/timeframe.ts'
import type { CandleSnapshot } from '../query/candleArchive.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import type { LiveMinute } from './liveLook.ts'

/** The candles of one series that live minutes change. */
export interface LiveCandles {
  readonly candles: readonly ComputedCandle[]
  /** Kafka's timestamp of the oldest tick of the minutes that the candles lack; undefined when they lack none. */
  readonly waitingSinceUs: Micros | undefined
}

/**
 * Puts together the candles of a series that live minutes change, as the live lane of the next rollup will commit them. Two
 * kinds stay as they are stored: a minute whose stored candle differs from the log's candle below the vector, and a coarser
 * candle of a damaged hour. `known` has stored candles of the series itself, to compare live minutes with. Throws what the
 * snapshot throws.
 */
export async function liveCandles(
  snapshot: CandleSnapshot,
  { source, symbol, timeframe }: SeriesKey,
  minutes: readonly LiveMinute[],
  known: readonly Candle[],
): Promise<LiveCandles> {
  const { state } = snapshot
  const grid = timeframeOf(timeframe)
  const provable = minutes.filter(minute => isProvable(state, minute))
  const book = await storedCandles(snapshot, { source, symbol, timeframe }, provable, known)
  const key = symbolKey({ source, symbol })
  const exact = provable.filter(({ dateTimeUs, below }) => {
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

/** The stored candles that the candles of some minutes are put together from, and `known`. */
async function storedCandles(
  snapshot: CandleSnapshot,
  { source, symbol, timeframe }: SeriesKey,
  minutes: readonly LiveMinute[],
  known: readonly Candle[],
): Promise<CandleBook> {
  const { reading } = rowsFor(minutes.map(rangeOf))
  const book = new CandleBook()
  for (const row of known) book.add(row)
  const read = async (of: Timeframe, stretch: TimeRange) => {
    const limit = Math.ceil(
      (stretch.toUs - stretch.fromUs) / (bucketEnd(of, stretch.fromUs) - stretch.fromUs),
    )
    const rows = await snapshot.newest({ source, symbol, timeframe: of.name, ...stretch }, limit)
    for (const row of rows) book.add(row)
  }
  const finer = finerThan(timeframeOf(timeframe))
  await Promise.all(finer.flatMap(of => reading.get(of.name)!.map(stretch => read(of, stretch))))
  return book
}

/** The earliest of some moments; undefined for none. */
export function earliest(timesUs: readonly Micros[]): Micros | undefined {
  return timesUs.length === 0 ? undefined : Math.min(...timesUs)
}

/** False for a minute whose stored candle may lack ticks below the vector, or is held. */
function isProvable({ hours, held }: CandlesState, { dateTimeUs }: LiveMinute): boolean {
  const { fromUs, toUs } = hours.exact
  const isExact = dateTimeUs >= fromUs && dateTimeUs < toUs
  const hour = hourOf(dateTimeUs)
  return (isExact || !hours.stale.has(hour)) && !held.has(hour)
}

function rangeOf({ dateTimeUs }: LiveMinute): TimeRange {
  return { fromUs: dateTimeUs, toUs: dateTimeUs + MINUTE_US }
}

/** The finer timeframes that a candle is put together from: m1 for h1; D1, h1 and m1 for W1. */
function finerThan(timeframe: Timeframe): Timeframe[] {
  const finer = finerOf(timeframe)
  return finer === undefined ? [] : [finer, ...finerThan(finer)]
}
