import type { CandleKey } from '../market/candle.ts'
import { type SymbolKey, symbolKey } from '../market/candleBook.ts'
import type { Micros } from '../market/time.ts'
import type { MinuteFold } from './minuteFold.ts'

/** A symbol's minute as the log has it. */
export interface OpenMinute {
  readonly startUs: Micros
  /** Of the ticks below the candles' vector. */
  below: MinuteFold | undefined
  all: MinuteFold | undefined
  /** Kafka's timestamp of the oldest of its ticks at or above the vector; undefined when there is none. */
  sinceMs: number | undefined
  isDropped: boolean
}

/** The minutes that are kept, by symbol. */
export class OpenMinutes {
  readonly #bySymbol = new Map<SymbolKey, Map<Micros, OpenMinute>>()
  #size = 0
  #beginUs = Number.NEGATIVE_INFINITY

  /** How many there are, of all symbols. */
  get size(): number {
    return this.#size
  }

  /** Earlier minutes were dropped, and are not to be made again: they would lack the ticks that they had. */
  get beginUs(): Micros {
    return this.#beginUs
  }

  /** The symbol's minute that begins then, which is made where there is none. */
  at(of: Pick<CandleKey, 'source' | 'symbol'>, startUs: Micros): OpenMinute {
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
  of(of: Pick<CandleKey, 'source' | 'symbol'>): OpenMinute[] {
    const minutes = this.#bySymbol.get(symbolKey(of))
    return minutes === undefined ? [] : [...minutes.values()].sort((a, b) => a.startUs - b.startUs)
  }

  /** Drops the minutes that begin earlier, for ever. */
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
