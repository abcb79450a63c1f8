import type { CandleValues, SymbolOfSource } from './candle.ts'
import type { CandleBook, SymbolKey } from './candleBook.ts'
import type { HourSet } from './hours.ts'
import { growToBuckets, mergeRanges, type TimeRange } from './range.ts'
import type { Micros } from './time.ts'
import { bucketEnd, bucketStart, finerOf, TIMEFRAMES, type Timeframe } from './timeframe.ts'

/**
 * Which stored candles a coarser one is put together from. `whole`: all finer ones of its bucket, whatever its stored row
 * says. `later`: its stored row, less the finer ones from the first that differs on, and these as they will be; exact
 * where ticks were only added, and a fraction of the rows where symbols are many.
 */
export type Reach = 'whole' | 'later'

/** Which coarser candles are put together, beside those whose finer ones differ. */
export interface RefoldScope {
  /** Candles whose bucket shares a moment with these hours are put together for every symbol; it takes the whole reach. */
  readonly whole: HourSet
  /** Candles whose bucket shares a moment with these hours are left as they are. */
  readonly skip: HourSet
}

/**
 * Puts the coarser candles together again from the finer ones of a book whose m1 candles are as they will be: m5 to h1
 * from m1, h3 to D1 from h1, W1 and M1 from D1. The book must hold the rows that `rowsFor` names for the same reach.
 * False when the rows of the later reach do not tell: then the book is of no use, and the whole reach is needed.
 */
export function refold(book: CandleBook, scope: RefoldScope, reach: Reach = 'whole'): boolean {
  for (const timeframe of TIMEFRAMES) {
    const finer = finerOf(timeframe)
    if (finer === undefined) continue
    for (const [startUs, { symbols, fromUs }] of affected(book, timeframe, finer, scope)) {
      if (scope.skip.touches(startUs, bucketEnd(timeframe, startUs))) continue
      for (const [symbol, { source, symbol: name }] of symbols) {
        const key = { source, symbol: name, timeframe: timeframe.name, dateTimeUs: startUs }
        const bucket = { timeframe, finer, startUs, symbol }
        const values = reach === 'whole' ? foldWhole(book, bucket) : foldLater(book, bucket, fromUs)
        if (values === 'unknown') return false
        if (values === undefined) book.remove(key)
        else book.put({ ...key, ...values })
      }
    }
  }
  return true
}

/** What of a bucket is put together again. */
interface Affected {
  readonly symbols: Map<SymbolKey, SymbolOfSource>
  /** Where the first finer candle begins that differs, whosesoever it is. */
  fromUs: Micros
}

/** The buckets that are put together again. */
function affected(
  book: CandleBook,
  timeframe: Timeframe,
  finer: Timeframe,
  { whole }: RefoldScope,
): Map<Micros, Affected> {
  const buckets = new Map<Micros, Affected>()
  const bucketAt = (startUs: Micros): Affected => {
    const known = buckets.get(startUs) ?? { symbols: new Map(), fromUs: Number.POSITIVE_INFINITY }
    buckets.set(startUs, known)
    return known
  }
  for (const [timeUs, entries] of book.differing(finer.name)) {
    const bucket = bucketAt(bucketStart(timeframe, timeUs))
    for (const [symbol, { key }] of entries) bucket.symbols.set(symbol, key)
    if (entries.size > 0) bucket.fromUs = Math.min(bucket.fromUs, timeUs)
  }
  for (const { fromUs, toUs } of growToBuckets(timeframe, whole.ranges())) {
    for (let startUs = fromUs; startUs < toUs; startUs = bucketEnd(timeframe, startUs)) {
      const { symbols } = bucketAt(startUs)
      for (const [symbol, key] of book.symbolsAt(timeframe.name, startUs)) symbols.set(symbol, key)
      for (const timeUs of starts(finer, startUs, bucketEnd(timeframe, startUs))) {
        for (const [symbol, key] of book.symbolsAt(finer.name, timeUs)) symbols.set(symbol, key)
      }
    }
  }
  return buckets
}

interface BucketOfSymbol {
  readonly timeframe: Timeframe
  readonly finer: Timeframe
  readonly startUs: Micros
  readonly symbol: SymbolKey
}

/** The values of a coarser candle; undefined when it has no finer ones. */
function foldWhole(
  book: CandleBook,
  { timeframe, finer, startUs, symbol }: BucketOfSymbol,
): CandleValues | undefined {
  const times = starts(finer, startUs, bucketEnd(timeframe, startUs))
  return foldUp(times, timeUs => book.at(finer.name, timeUs, symbol))
}

/**
 * The values of a coarser candle by its stored row: what of it lies before `fromUs` stays, the finer candles from there
 * on are as the book says. Unknown when these held the stored row's high or low and no longer do.
 */
function foldLater(
  book: CandleBook,
  { timeframe, finer, startUs, symbol }: BucketOfSymbol,
  fromUs: Micros,
): CandleValues | undefined | 'unknown' {
  const times = [...starts(finer, fromUs, bucketEnd(timeframe, startUs))]
  const before = foldUp(times, timeUs => book.stored(finer.name, timeUs, symbol))
  const after = foldUp(times, timeUs => book.at(finer.name, timeUs, symbol))
  const stored = book.stored(timeframe.name, startUs, symbol)
  const volume = (stored?.volume ?? 0) - (before?.volume ?? 0)
  if (stored === undefined || volume === 0) return after
  if (volume < 0 || after === undefined) return 'unknown'
  const high = extremeOf(stored.high, before?.high, after.high, Math.max)
  const low = extremeOf(stored.low, before?.low, after.low, Math.min)
  if (high === undefined || low === undefined) return 'unknown'
  return { open: stored.open, high, low, close: after.close, volume: volume + after.volume }
}

/** The high or low of all once a part of it changes; undefined when the part held it and no longer does. */
function extremeOf(
  all: number,
  before: number | undefined,
  after: number,
  further: (a: number, b: number) => number,
): number | undefined {
  if (further(all, after) === after) return after
  return before === all ? undefined : all
}

function foldUp(
  times: Iterable<Micros>,
  candleAt: (timeUs: Micros) => CandleValues | undefined,
): CandleValues | undefined {
  let folded: { -readonly [Field in keyof CandleValues]: number } | undefined
  for (const timeUs of times) {
    const candle = candleAt(timeUs)
    if (candle === undefined) continue
    const { open, high, low, close, volume } = candle
    if (folded === undefined) folded = { open, high, low, close, volume }
    else {
      if (high > folded.high) folded.high = high
      if (low < folded.low) folded.low = low
      folded.close = close
      folded.volume += volume
    }
  }
  return folded
}

function* starts(timeframe: Timeframe, fromUs: Micros, toUs: Micros): Generator<Micros> {
  for (let startUs = fromUs; startUs < toUs; startUs = bucketEnd(timeframe, startUs)) yield startUs
}

/** Which stored rows a change of m1 candles in the given minutes touches, and which it reads besides. */
export interface RowsFor {
  /** Candles that may change, by timeframe. */
  readonly changing: ReadonlyMap<string, readonly TimeRange[]>
  /** Candles that changing ones are put together from, and changing ones, by timeframe. */
  readonly reading: ReadonlyMap<string, readonly TimeRange[]>
}

/** The rows that `refold` must know of, as stretches of bucket starts. */
export function rowsFor(minutes: readonly TimeRange[], reach: Reach = 'whole'): RowsFor {
  const changing = new Map(
    TIMEFRAMES.map(timeframe => [timeframe.name as string, growToBuckets(timeframe, minutes)]),
  )
  const reading = new Map(changing)
  for (const timeframe of TIMEFRAMES) {
    const finer = finerOf(timeframe)
    if (finer === undefined) continue
    const read = reach === 'whole' ? changing.get(timeframe.name)! : laterIn(timeframe, finer, minutes)
    reading.set(finer.name, mergeRanges([...reading.get(finer.name)!, ...read]))
  }
  return { changing, reading }
}

/** From the first finer bucket that the minutes touch to the end of the coarser one that it lies in. */
function laterIn(timeframe: Timeframe, finer: Timeframe, minutes: readonly TimeRange[]): TimeRange[] {
  return mergeRanges(minutes).flatMap(({ fromUs, toUs }) =>
    growToBuckets(timeframe, [{ fromUs, toUs }]).map(buckets => ({
      fromUs: Math.max(buckets.fromUs, bucketStart(finer, fromUs)),
      toUs: buckets.toUs,
    })),
  )
}
