import { DAY_US, floorTo, HOUR_US, MINUTE_US, type Micros } from './time.ts'

/** Every candle is of one timeframe: a grid of buckets, counted from midnight UTC. */
export type Timeframe =
  /** `step` units long; the step divides an hour's minutes or a day's hours. */
  | { readonly name: string; readonly unit: 'minute' | 'hour'; readonly step: number }
  /** One calendar day, week (from Monday) or month. */
  | { readonly name: string; readonly unit: 'day' | 'week' | 'month' }

export type Unit = Timeframe['unit']

/** All timeframes, short to long. One more timeframe is one more line here. */
export const TIMEFRAMES = [
  { name: 'm1', unit: 'minute', step: 1 },
  { name: 'm5', unit: 'minute', step: 5 },
  { name: 'm10', unit: 'minute', step: 10 },
  { name: 'm15', unit: 'minute', step: 15 },
  { name: 'm30', unit: 'minute', step: 30 },
  { name: 'h1', unit: 'hour', step: 1 },
  { name: 'h3', unit: 'hour', step: 3 },
  { name: 'h4', unit: 'hour', step: 4 },
  { name: 'D1', unit: 'day' },
  { name: 'W1', unit: 'week' },
  { name: 'M1', unit: 'month' },
] as const satisfies readonly Timeframe[]

export type TimeframeName = (typeof TIMEFRAMES)[number]['name']

const BY_NAME: ReadonlyMap<string, Timeframe> = new Map(
  TIMEFRAMES.map(timeframe => [timeframe.name, timeframe]),
)

/** The timeframe of that name; an unknown name is a programming error. */
export function timeframeOf(name: string): Timeframe {
  const timeframe = BY_NAME.get(name)
  if (timeframe === undefined) throw new RangeError(`no timeframe is called ${name}`)
  return timeframe
}

/**
 * The coarsest timeframe whose candles a candle of this one is put together from; undefined for m1, which is made of ticks.
 * Every bucket of the coarser one holds whole buckets of the finer one.
 */
export function finerOf({ name, unit }: Timeframe): Timeframe | undefined {
  if (name === 'm1') return undefined
  if (unit === 'minute' || name === 'h1') return timeframeOf('m1')
  return timeframeOf(unit === 'hour' || unit === 'day' ? 'h1' : 'D1')
}

const REMOVED = 'removed_'

/** A candle whose ticks are gone stays as a row of this timeframe, so that its removal is published and its revision goes on. */
export function removedTimeframe(name: string): string {
  return REMOVED + name
}

/** The timeframe of the candle that such a row stands for; undefined for the row of a candle that is there. */
export function timeframeOfRemoved(name: string): string | undefined {
  return name.startsWith(REMOVED) ? name.slice(REMOVED.length) : undefined
}

/** 1970-01-01 was a Thursday: the Monday grid is three days off. */
const MONDAY_SHIFT_US = 3 * DAY_US

/** The start of the bucket that holds the moment. Weeks begin on Monday, days and months at 00:00 UTC. */
export function bucketStart(timeframe: Timeframe, timeUs: Micros): Micros {
  switch (timeframe.unit) {
    case 'minute':
      return floorTo(timeUs, timeframe.step * MINUTE_US)
    case 'hour':
      return floorTo(timeUs, timeframe.step * HOUR_US)
    case 'day':
      return floorTo(timeUs, DAY_US)
    case 'week':
      return floorTo(timeUs + MONDAY_SHIFT_US, 7 * DAY_US) - MONDAY_SHIFT_US
    case 'month':
      return monthStart(timeUs, 0)
  }
}

/** The end (exclusive) of the bucket that starts at `startUs`: the start of the next one. */
export function bucketEnd(timeframe: Timeframe, startUs: Micros): Micros {
  switch (timeframe.unit) {
    case 'minute':
      return startUs + timeframe.step * MINUTE_US
    case 'hour':
      return startUs + timeframe.step * HOUR_US
    case 'day':
      return startUs + DAY_US
    case 'week':
      return startUs + 7 * DAY_US
    case 'month':
      return monthStart(startUs, 1)
  }
}

function monthStart(timeUs: Micros, monthsLater: number): Micros {
  const date = new Date(Math.floor(timeUs / 1000))
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1) * 1000
}
