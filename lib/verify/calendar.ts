/** Microseconds since 1970-01-01T00:00:00Z. */
type Micros = number

/** A timeframe's buckets, by a calendar of its own on `Date` alone: it shares no code with what it checks. */
export interface Calendar {
  readonly timeframe: string
  /** The start of the bucket that holds the moment. */
  readonly start: (timeUs: Micros) => Micros
  /** The end of the bucket that begins at the moment, which is the start of the next one. */
  readonly end: (startUs: Micros) => Micros
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** One day; the stretch that is verified at a time. */
export const DAY_US: Micros = DAY_MS * 1000

/** m1, which is folded from the ticks. */
export const MINUTES: Calendar = minutes('m1', 1)

/** Those whose buckets lie within a day: folded from m1. */
export const WITHIN_A_DAY: readonly Calendar[] = [
  MINUTES,
  minutes('m5', 5),
  minutes('m10', 10),
  minutes('m15', 15),
  minutes('m30', 30),
  hours('h1', 1),
  hours('h3', 3),
  hours('h4', 4),
  days('D1', () => 0, 1),
]

/** Those that days are put together to. */
export const OF_DAYS: readonly Calendar[] = [
  days('W1', date => (date.getUTCDay() + 6) % 7, 7),
  {
    timeframe: 'M1',
    start: timeUs => monthStart(dateOf(timeUs), 0),
    end: startUs => monthStart(dateOf(startUs), 1),
  },
]

function minutes(timeframe: string, step: number): Calendar {
  return {
    timeframe,
    start: timeUs => {
      const date = dateOf(timeUs)
      const minute = date.getUTCMinutes() - (date.getUTCMinutes() % step)
      return date.setUTCMinutes(minute, 0, 0) * 1000
    },
    end: startUs => startUs + step * MINUTE_MS * 1000,
  }
}

function hours(timeframe: string, step: number): Calendar {
  return {
    timeframe,
    start: timeUs => {
      const date = dateOf(timeUs)
      return date.setUTCHours(date.getUTCHours() - (date.getUTCHours() % step), 0, 0, 0) * 1000
    },
    end: startUs => startUs + step * HOUR_MS * 1000,
  }
}

function days(timeframe: string, daysSinceStart: (date: Date) => number, length: number): Calendar {
  return {
    timeframe,
    start: timeUs => {
      const date = dateOf(timeUs)
      date.setUTCDate(date.getUTCDate() - daysSinceStart(date))
      return date.setUTCHours(0, 0, 0, 0) * 1000
    },
    end: startUs => startUs + length * DAY_US,
  }
}

function monthStart(date: Date, later: number): Micros {
  const start = new Date(0)
  start.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + later, 1)
  return start.getTime() * 1000
}

function dateOf(timeUs: Micros): Date {
  return new Date(Math.floor(timeUs / 1000))
}
