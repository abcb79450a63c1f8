import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { Field } from '../iceberg/schema.ts'
import { compareText } from '../iceberg/text.ts'
import type { SymbolOfSource } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import { NEWEST_US, OLDEST_US } from '../market/time.ts'
import { removedTimeframe, TIMEFRAMES } from '../market/timeframe.ts'
import { CANDLE_FIELDS } from './candlesTable.ts'

const NAMES = TIMEFRAMES.flatMap(({ name }) => [name, removedTimeframe(name)])

/** Timeframes that a file's rows may have, those of removed candles too. In the original partitioning it is one. */
export function rowTimeframesOf(file: DataFile): readonly string[] {
  const low = lowerBound(file, CANDLE_FIELDS.timeframe)
  const high = upperBound(file, CANDLE_FIELDS.timeframe)
  if (low !== undefined && low === high) return [String(low)]
  return NAMES.filter(
    name =>
      (low === undefined || compareText(String(low), name) <= 0) &&
      (high === undefined || compareText(String(high), name) >= 0),
  )
}

/**
 * The symbols of some candles. Sources and symbols are kept apart, so `has` and `mayBeIn` may be true for a pair that is not
 * among them, if its source and its symbol are.
 */
export class SomeSymbols {
  readonly #sources: ReadonlySet<string>
  readonly #symbols: ReadonlySet<string>
  readonly #sorted: { readonly sources: readonly string[]; readonly symbols: readonly string[] }

  constructor(these: readonly SymbolOfSource[]) {
    this.#sources = new Set(these.map(({ source }) => source))
    this.#symbols = new Set(these.map(({ symbol }) => symbol))
    const inOrder = (texts: ReadonlySet<string>) => [...texts].sort(compareText)
    this.#sorted = { sources: inOrder(this.#sources), symbols: inOrder(this.#symbols) }
  }

  has({ source, symbol }: SymbolOfSource): boolean {
    return this.#symbols.has(symbol) && this.#sources.has(source)
  }

  /** False when the file's bounds exclude all of them. */
  mayBeIn(file: DataFile): boolean {
    return (
      hasWithin(this.#sorted.symbols, file, CANDLE_FIELDS.symbol) &&
      hasWithin(this.#sorted.sources, file, CANDLE_FIELDS.source)
    )
  }
}

/** True when one of the sorted texts lies within the file's bounds of a column. */
function hasWithin(sorted: readonly string[], file: DataFile, field: Field): boolean {
  const [low, high] = [lowerBound(file, field), upperBound(file, field)]
  const first = low === undefined ? sorted[0] : firstFrom(sorted, String(low))
  return first !== undefined && (high === undefined || compareText(first, String(high)) <= 0)
}

/** The first of the sorted texts that is not below `least`. */
function firstFrom(sorted: readonly string[], least: string): string | undefined {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if (compareText(sorted[middle]!, least) < 0) from = middle + 1
    else to = middle
  }
  return sorted[from]
}

/** The first and the last bucket start of a file's rows, both included; all time without bounds. */
export function startsOf(file: DataFile): TimeRange {
  return {
    fromUs: Number(lowerBound(file, CANDLE_FIELDS.dateTime) ?? OLDEST_US),
    toUs: Number(upperBound(file, CANDLE_FIELDS.dateTime) ?? NEWEST_US),
  }
}
