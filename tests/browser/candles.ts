import type { Candle } from '../../lib/market/candle.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { walkPrice } from '../../lib/market/walk.ts'

const MINUTE_MS = 60_000
const VOLATILITY = 0.4

interface Stretch {
  readonly source: string
  readonly symbol: string
  readonly seed: number
  readonly basePrice: number
  readonly decimals: number
  readonly fromMs: number
  /** Candles whose bucket is not over by then are open. */
  readonly toMs: number
}

/** Candles of all timeframes, of a made-up price looked at four times a minute. */
export function madeUpCandles(stretch: Stretch): Candle[] {
  const { source, symbol, seed, basePrice, decimals, fromMs, toMs } = stretch
  const candles = new Map<string, Candle>()
  for (let timeMs = fromMs; timeMs < toMs; timeMs += MINUTE_MS / 4) {
    const price = Number(walkPrice({ seed, basePrice, volatility: VOLATILITY }, timeMs).toFixed(decimals))
    for (const timeframe of TIMEFRAMES) {
      const dateTimeUs = bucketStart(timeframe, timeMs * 1000)
      const key = `${timeframe.name}/${dateTimeUs}`
      const known = candles.get(key)
      candles.set(key, {
        ...{ source, symbol, timeframe: timeframe.name, dateTimeUs },
        open: known?.open ?? price,
        high: Math.max(known?.high ?? price, price),
        low: Math.min(known?.low ?? price, price),
        close: price,
        volume: (known?.volume ?? 0) + ticksOf(seed, timeMs),
        ...{ closed: true, revision: 1, updatedAtUs: toMs * 1000 },
      })
    }
  }
  const newest = new Map(candles.values().map(candle => [candle.timeframe, candle]))
  return [...candles.values()].map(candle => ({ ...candle, closed: newest.get(candle.timeframe) !== candle }))
}

/** More in the middle of the day than at night, and now and then many. */
function ticksOf(seed: number, timeMs: number): number {
  const day = 1 - Math.cos((timeMs / 86_400_000) * 2 * Math.PI)
  const walk = { seed: seed + 1, basePrice: 1, volatility: VOLATILITY }
  const burst = Math.max(0, walkPrice(walk, timeMs) / walkPrice(walk, timeMs - 3_600_000) - 1.002) * 900
  return 1 + Math.round(3 * day + burst)
}
