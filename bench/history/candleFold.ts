import type { Candle } from '../../lib/market/candle.ts'
import type { Micros } from '../../lib/market/time.ts'
import { bucketEnd, bucketStart, TIMEFRAMES, type Timeframe } from '../../lib/market/timeframe.ts'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { type Bucket, extend, foldUp } from '../../lib/verify/fold.ts'
import type { TickColumns } from './ticks.ts'

/** Some candles of one timeframe, in no order. */
export type EmitCandles = (candles: Candle[]) => void

/**
 * Folds ticks to candles of all timeframes. Ticks come in runs of one symbol, those of a symbol in the order of time; a
 * candle goes out once a later one of its symbol begins, or at the end.
 */
export class CandleFold {
  readonly #folds = new Map<string, Bucket[][]>()
  readonly #emit: EmitCandles
  readonly #closedUntilUs: Micros

  /** `closedUntilUs`: candles that end by then are closed. */
  constructor(closedUntilUs: Micros, emit: EmitCandles) {
    this.#closedUntilUs = closedUntilUs
    this.#emit = emit
  }

  /** One symbol's rows, from one to another. */
  add(symbol: string, { mid, dateTimeUs }: TickColumns, from: number, to: number): void {
    let buckets: Bucket[] = []
    for (let row = from; row < to; row++) {
      const price = mid[row]!
      const prices = { open: price, high: price, low: price, close: price }
      buckets.push({ startUs: dateTimeUs[row]!, ...prices, volume: 1 })
    }
    const waiting = this.#folds.get(symbol) ?? TIMEFRAMES.map(() => [])
    this.#folds.set(symbol, waiting)
    for (const [i, timeframe] of TIMEFRAMES.entries()) {
      const longer = foldUp(buckets, timeUs => bucketStart(timeframe, timeUs))
      // Hours serve what is longer, minutes all else.
      if (timeframe.name === 'm1' || timeframe.name === 'h1') buckets = longer
      const done = joined(waiting[i]!, longer)
      this.#send(symbol, timeframe, done.splice(0, done.length - 1))
      waiting[i] = done
    }
  }

  /** Gives out the last candle of each symbol and timeframe. */
  end(): void {
    for (const [symbol, waiting] of this.#folds) {
      for (const [i, timeframe] of TIMEFRAMES.entries()) this.#send(symbol, timeframe, waiting[i]!)
    }
    this.#folds.clear()
  }

  #send(symbol: string, timeframe: Timeframe, buckets: readonly Bucket[]): void {
    const candles = buckets.map(
      ({ startUs, ...values }): Candle => ({
        source: FAKE_SOURCE,
        symbol,
        timeframe: timeframe.name,
        dateTimeUs: startUs,
        ...values,
        closed: bucketEnd(timeframe, startUs) <= this.#closedUntilUs,
        revision: 1,
        updatedAtUs: 0,
      }),
    )
    if (candles.length > 0) this.#emit(candles)
  }
}

/** What waited, then what came; a bucket that came in two parts is one. */
function joined(waiting: Bucket[], later: readonly Bucket[]): Bucket[] {
  const [first, ...rest] = later
  const last = waiting.at(-1)
  if (first === undefined || last?.startUs !== first.startUs) return [...waiting, ...later]
  extend(last, first)
  return [...waiting, ...rest]
}
