import {
  type Candle,
  type CandleKey,
  type CandleValues,
  type ComputedCandle,
  type SymbolOfSource,
  sameValues,
} from './candle.ts'
import type { Micros } from './time.ts'

/** A source and symbol as one text, equal for no other pair. */
export type SymbolKey = string

/** The key of a candle's source and symbol. */
export function symbolKey({ source, symbol }: SymbolOfSource): SymbolKey {
  return `${source.length}:${source}${symbol}`
}

/** A candle that is to be written or removed: as it is stored, and as it will be. */
export interface BookEntry {
  readonly key: CandleKey
  readonly stored: Candle | undefined
  /** Undefined for a candle that goes away. */
  readonly computed: ComputedCandle | undefined
}

type ByPlace<Value> = Map<string, Map<Micros, Map<SymbolKey, Value>>>

/** Stored candles, and over them those that are computed or removed: what will be stored, and what differs from now. */
export class CandleBook {
  readonly #stored: ByPlace<Candle> = new Map()
  readonly #entries: ByPlace<BookEntry> = new Map()

  /** Takes a stored row. */
  add(row: Candle): void {
    placeIn(this.#stored, row.timeframe, row.dateTimeUs).set(symbolKey(row), row)
  }

  /** Says what a candle's values are by its ticks; the same as are stored change nothing. */
  put(computed: ComputedCandle): void {
    const { timeframe, dateTimeUs } = computed
    const symbol = symbolKey(computed)
    const stored = this.stored(timeframe, dateTimeUs, symbol)
    const entries = placeIn(this.#entries, timeframe, dateTimeUs)
    if (stored !== undefined && sameValues(stored, computed)) entries.delete(symbol)
    else entries.set(symbol, { key: computed, stored, computed })
  }

  /** Says that a candle has no ticks; one that is not stored changes nothing. */
  remove({ source, symbol, timeframe, dateTimeUs }: CandleKey): void {
    const key = symbolKey({ source, symbol })
    const stored = this.stored(timeframe, dateTimeUs, key)
    const entries = placeIn(this.#entries, timeframe, dateTimeUs)
    if (stored === undefined) entries.delete(key)
    else entries.set(key, { key: stored, stored, computed: undefined })
  }

  /** The row that is stored now. */
  stored(timeframe: string, dateTimeUs: Micros, symbol: SymbolKey): Candle | undefined {
    return this.#stored.get(timeframe)?.get(dateTimeUs)?.get(symbol)
  }

  /** The candle as it will be stored; undefined where there will be none. */
  at(timeframe: string, dateTimeUs: Micros, symbol: SymbolKey): (CandleKey & CandleValues) | undefined {
    const entry = this.#entries.get(timeframe)?.get(dateTimeUs)?.get(symbol)
    return entry === undefined ? this.stored(timeframe, dateTimeUs, symbol) : entry.computed
  }

  /** Whose candles are stored of a bucket, or will be. */
  symbolsAt(timeframe: string, dateTimeUs: Micros): Map<SymbolKey, SymbolOfSource> {
    const symbols = new Map<SymbolKey, SymbolOfSource>(this.#stored.get(timeframe)?.get(dateTimeUs))
    for (const [symbol, { key }] of this.#entries.get(timeframe)?.get(dateTimeUs) ?? [])
      symbols.set(symbol, key)
    return symbols
  }

  /** What differs of a timeframe from what is stored, by bucket start and symbol. */
  differing(timeframe: string): ReadonlyMap<Micros, ReadonlyMap<SymbolKey, BookEntry>> {
    return this.#entries.get(timeframe) ?? new Map()
  }

  /** All that differs from what is stored. */
  *entries(): Generator<BookEntry> {
    for (const byTime of this.#entries.values())
      for (const bySymbol of byTime.values()) yield* bySymbol.values()
  }
}

function placeIn<Value>(places: ByPlace<Value>, timeframe: string, timeUs: Micros): Map<SymbolKey, Value> {
  const byTime = getOrMake(places, timeframe, () => new Map<Micros, Map<SymbolKey, Value>>())
  return getOrMake(byTime, timeUs, () => new Map<SymbolKey, Value>())
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
