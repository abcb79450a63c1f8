import { formatDateTime } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { BenchFailed } from '../until.ts'
import type { Arrival } from './arrivals.ts'
import { type Pace, USUAL_PACE } from './feed.ts'

const MINUTE_MS = 60_000

/**
 * From the end of a minute to the moment when all of it could be read: of each symbol the m1 candle, closed and with
 * all its ticks, and of each other timeframe the candle that the same ticks went into. Undefined as long as some lacks.
 */
export function minuteDelayMs(
  arrivals: readonly Arrival[],
  minuteMs: number,
  { symbols, everyMs }: Pick<Pace, 'symbols' | 'everyMs'> = USUAL_PACE,
): number | undefined {
  const ticks = MINUTE_MS / everyMs
  const dateTime = formatDateTime(minuteMs * 1000)
  const isOfMinute = (it: Arrival) =>
    it.source === FAKE_SOURCE && it.timeframe === 'm1' && it.dateTime === dateTime
  const ofMinute = arrivals.filter(isOfMinute)
  const surplus = ofMinute.find(({ volume }) => volume > ticks)
  if (surplus) throw new BenchFailed(`${surplus.volume} ticks in ${surplus.symbol} at ${surplus.dateTime}`)
  const whole = ofMinute.filter(({ volume }) => volume === ticks)
  if (new Set(whole.filter(({ closed }) => closed).map(({ symbol }) => symbol)).size < symbols)
    return undefined
  const all = Map.groupBy(
    arrivals.filter(({ source }) => source === FAKE_SOURCE),
    ({ symbol }) => symbol,
  )
  const readable = [...Map.groupBy(whole, ({ symbol }) => symbol)].map(([symbol, revisions]) =>
    readableAtMs(all.get(symbol)!, revisions, minuteMs),
  )
  if (readable.includes(undefined)) return undefined
  return (readable as number[]).reduce((last, atMs) => Math.max(last, atMs), 0) - (minuteMs + MINUTE_MS)
}

/** The messages of one symbol, and the revisions of its m1 candle that have all ticks, one of them closed. */
function readableAtMs(
  arrivals: readonly Arrival[],
  revisions: readonly Arrival[],
  minuteMs: number,
): number | undefined {
  const complete = revisions[0]!
  const closed = revisions.find(({ closed }) => closed)!
  // The commit that took in the last tick changed the candles of all timeframes. A later revision, which may be the one that
  // was sent, holds that tick too.
  const others = TIMEFRAMES.map(timeframe => {
    const dateTime = formatDateTime(bucketStart(timeframe, minuteMs * 1000))
    return arrivals.find(
      it => it.timeframe === timeframe.name && it.updatedAt >= complete.updatedAt && it.dateTime === dateTime,
    )
  })
  if (others.includes(undefined)) return undefined
  return Math.max(closed.atMs, ...others.map(other => other!.atMs))
}
