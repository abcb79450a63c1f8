import type { CandleValues } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'

/** A tick's price, and its place in the order of ticks. */
export interface PlacedPrice {
  readonly price: number
  readonly dateTimeUs: Micros
  readonly number: number | bigint
  readonly partition: number
  readonly offset: number
}

/** Folds ticks to an m1 candle as `trino/sql/minutes.sql` does. Ticks come in any order, each once. */
export class MinuteFold {
  #first: PlacedPrice
  #last: PlacedPrice
  #high: number
  #low: number
  #volume = 1

  constructor(tick: PlacedPrice) {
    this.#first = tick
    this.#last = tick
    this.#high = tick.price
    this.#low = tick.price
  }

  get volume(): number {
    return this.#volume
  }

  get values(): CandleValues {
    return {
      open: this.#first.price,
      high: this.#high,
      low: this.#low,
      close: this.#last.price,
      volume: this.#volume,
    }
  }

  add(tick: PlacedPrice): void {
    if (comesBefore(tick, this.#first)) this.#first = tick
    if (comesBefore(this.#last, tick)) this.#last = tick
    if (tick.price > this.#high) this.#high = tick.price
    if (tick.price < this.#low) this.#low = tick.price
    this.#volume += 1
  }
}

/** Adds a tick to a fold, or begins one with it. */
export function withTick(fold: MinuteFold | undefined, tick: PlacedPrice): MinuteFold {
  if (fold === undefined) return new MinuteFold(tick)
  fold.add(tick)
  return fold
}

/** Orders ticks as `trino/sql/minutes.sql` does. `number` may mix numbers and bigints, which JavaScript compares exactly. */
function comesBefore(a: PlacedPrice, b: PlacedPrice): boolean {
  if (a.dateTimeUs !== b.dateTimeUs) return a.dateTimeUs < b.dateTimeUs
  if (a.number < b.number) return true
  if (a.number > b.number) return false
  return a.partition === b.partition ? a.offset < b.offset : a.partition < b.partition
}
