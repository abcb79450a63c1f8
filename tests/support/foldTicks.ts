import type { TimeframeName } from '../../lib/market/timeframe.ts'

/** A tick as the oracle needs it: prices, and all that orders it. */
export interface OracleTick {
  source: string
  symbol: string
  mid: number
  number: bigint
  dateTimeUs: bigint
  epoch: number
  partition: number
  offset: number
}

export interface OracleCandle {
  source: string
  symbol: string
  timeframe: TimeframeName
  /** ISO 8601, whole seconds. */
  start: string
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** The oracle's own calendar, on `Date` alone: it shares no code with what it checks. */
const BUCKETS: Record<TimeframeName, (time: Date) => number> = {
  m1: t => minutes(t, 1),
  m5: t => minutes(t, 5),
  m10: t => minutes(t, 10),
  m15: t => minutes(t, 15),
  m30: t => minutes(t, 30),
  h1: t => hours(t, 1),
  h3: t => hours(t, 3),
  h4: t => hours(t, 4),
  D1: t => day(t, 0),
  W1: t => day(t, (t.getUTCDay() + 6) % 7),
  M1: t => Date.UTC(t.getUTCFullYear(), t.getUTCMonth(), 1),
}

function minutes(t: Date, step: number): number {
  const minute = t.getUTCMinutes() - (t.getUTCMinutes() % step)
  return Date.UTC(t.getUTCFullYear(), t.getUTCMonth(), t.getUTCDate(), t.getUTCHours(), minute)
}

function hours(t: Date, step: number): number {
  const hour = t.getUTCHours() - (t.getUTCHours() % step)
  return Date.UTC(t.getUTCFullYear(), t.getUTCMonth(), t.getUTCDate(), hour)
}

function day(t: Date, back: number): number {
  return Date.UTC(t.getUTCFullYear(), t.getUTCMonth(), t.getUTCDate() - back)
}

/** Every candle of every timeframe that the ticks make, by (source, symbol, timeframe, start). */
export function foldTicks(ticks: readonly OracleTick[]): Map<string, OracleCandle> {
  const candles = new Map<string, OracleCandle>()
  for (const tick of ticks.toSorted(byOrder)) {
    const time = new Date(wholeMs(tick.dateTimeUs))
    for (const [timeframe, bucket] of Object.entries(BUCKETS)) {
      const start = new Date(bucket(time)).toISOString()
      const key = oracleKey({ ...tick, timeframe, start })
      const candle = candles.get(key)
      if (candle === undefined) candles.set(key, begin(tick, timeframe as TimeframeName, start))
      else extend(candle, tick.mid)
    }
  }
  return candles
}

/** Rounded down, also before 1970. */
function wholeMs(timeUs: bigint): number {
  return Math.floor(Number(timeUs) / 1000)
}

export function oracleKey(of: { source: string; symbol: string; timeframe: string; start: string }): string {
  return JSON.stringify([of.timeframe, of.source, of.symbol, of.start])
}

function begin({ source, symbol, mid }: OracleTick, timeframe: TimeframeName, start: string): OracleCandle {
  return { source, symbol, timeframe, start, open: mid, high: mid, low: mid, close: mid, volume: 1 }
}

function extend(candle: OracleCandle, price: number): void {
  candle.high = Math.max(candle.high, price)
  candle.low = Math.min(candle.low, price)
  candle.close = price
  candle.volume += 1
}

function byOrder(a: OracleTick, b: OracleTick): number {
  return (
    compare(a.dateTimeUs, b.dateTimeUs) ||
    compare(a.number, b.number) ||
    a.epoch - b.epoch ||
    a.partition - b.partition ||
    a.offset - b.offset
  )
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
