import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { BenchFailed } from '../until.ts'
import { type Arrival, startMs } from './arrivals.ts'
import { SYMBOLS } from './feed.ts'

const TICKS_A_MINUTE = 60

/**
 * From the end of a minute to the moment when all of it could be read: of each symbol the m1 candle, closed and with
 * all its ticks, and of each other timeframe the candle that the same ticks went into. Undefined as long as some lacks.
 */
export function minuteDelayMs(arrivals: readonly Arrival[], minuteMs: number): number | undefined {
  const ofMinute = arrivals.filter(
    ({ source, timeframe, dateTime }) =>
      source === FAKE_SOURCE && timeframe === 'm1' && startMs(dateTime) === minuteMs,
  )
  const bySymbol = [...Map.groupBy(ofMinute, ({ symbol }) => symbol).values()]
  const readable = bySymbol.map(some => readableAtMs(arrivals, some, minuteMs))
  if (readable.length < SYMBOLS || readable.includes(undefined)) return undefined
  return Math.max(...(readable as number[])) - (minuteMs + 60_000)
}

function readableAtMs(
  arrivals: readonly Arrival[],
  revisions: readonly Arrival[],
  minuteMs: number,
): number | undefined {
  const surplus = revisions.find(({ volume }) => volume > TICKS_A_MINUTE)
  if (surplus) throw new BenchFailed(`${surplus.volume} ticks in ${surplus.symbol} at ${surplus.dateTime}`)
  const complete = revisions.find(({ volume }) => volume === TICKS_A_MINUTE)
  const closed = revisions.find(({ volume, closed }) => volume === TICKS_A_MINUTE && closed)
  if (!complete || !closed) return undefined
  // The commit that took in the last tick changed the candles of all timeframes. A later revision, which may be the one that
  // was sent, holds that tick too.
  const others = TIMEFRAMES.map(timeframe => {
    const bucketMs = bucketStart(timeframe, minuteMs * 1000) / 1000
    return arrivals.find(
      it =>
        it.source === complete.source &&
        it.timeframe === timeframe.name &&
        it.symbol === complete.symbol &&
        it.updatedAt >= complete.updatedAt &&
        startMs(it.dateTime) === bucketMs,
    )
  })
  if (others.includes(undefined)) return undefined
  return Math.max(closed.atMs, ...others.map(other => other!.atMs))
}
