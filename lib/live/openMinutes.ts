import type { SymbolOfSource } from '../market/candle.ts'
import { type SymbolKey, symbolKey } from '../market/candleBook.ts'
import type { Micros } from '../market/time.ts'
import type { MinuteFold } from './minuteFold.ts'

/** One minute of a symbol, by the ticks on the log. */
export interface OpenMinute {
  readonly startUs: Micros
  /** The candle of the ticks below the candles' vector. */
  below: MinuteFold | undefined
  /** The candle of all ticks. */
  all: MinuteFold | undefined
  /** Kafka's timestamp of the oldest tick at or above the vector; undefined when there is none. */
  sinceMs: number | undefined
  isDropped: boolean
}

/** Open minutes, by symbol. */
export class OpenMinutes {
  readonly #bySymbol = new Map<SymbolKey, Map<Micros, OpenMinute>>()
  #size = 0
  #beginUs = Number.NEGATIVE_INFINITY

  /** The count of minutes of all symbols. */
  get size(): number {
    return this.#size
  }

  /** The start of the earliest minute that may be kept: earlier ones were dropped, and would lack their first ticks. */
  get beginUs(): Micros {
    return this.#beginUs
  }

  /** The symbol's minute that begins at `startUs`; a new one where there is none. */
  at(of: SymbolOfSource, startUs: Micros): OpenMinute {
    const key = symbolKey(of)
    const minutes = this.#bySymbol.get(key) ?? new Map<Micros, OpenMinute>()
    const known = minutes.get(startUs)
    if (known !== undefined) return known
    const made = { startUs, below: undefined, all: undefined, sinceMs: undefined, isDropped: false }
    minutes.set(startUs, made)
    this.#bySymbol.set(key, minutes)
    this.#size += 1
    return made
  }

  /** The minutes of a symbol, oldest first. */
  of(of: SymbolOfSource): OpenMinute[] {
    const minutes = this.#bySymbol.get(symbolKey(of))
    return minutes === undefined ? [] : [...minutes.values()].sort((a, b) => a.startUs - b.startUs)
  }

  /** Drops the minutes that begin before `timeUs`, for good. */
  dropBefore(timeUs: Micros): void {
    if (timeUs <= this.#beginUs) return
    this.#beginUs = timeUs
    for (const [key, minutes] of this.#bySymbol) {
      for (const [startUs, minute] of minutes) {
        if (startUs >= timeUs) continue
        minute.isDropped = true
        minutes.delete(startUs)
        this.#size -= 1
      }
      if (minutes.size === 0) this.#bySymbol.delete(key)
    }
  }
}
