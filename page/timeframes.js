const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Weeks begin on Monday, and 1970-01-01 was a Thursday, three days later. */
const MONDAY_SHIFT_MS = 3 * DAY_MS
/** The mean length of a month. */
const MEAN_MONTH_MS = 30.44 * DAY_MS

const FIXED_MS = { m: MINUTE_MS, h: HOUR_MS, D: DAY_MS, W: 7 * DAY_MS }

/**
 * The start of the bucket that holds the moment, by the UTC calendar.
 *
 * @param {number} timeMs
 * @param {string} timeframe
 */
export function bucketStart(timeMs, timeframe) {
  const lengthMs = fixedMs(timeframe)
  if (lengthMs === undefined) return monthStart(timeMs, 0)
  const shiftMs = timeframe.startsWith('W') ? MONDAY_SHIFT_MS : 0
  return Math.floor((timeMs + shiftMs) / lengthMs) * lengthMs - shiftMs
}

/**
 * The end (not included) of the bucket that begins at `startMs`.
 *
 * @param {number} startMs
 * @param {string} timeframe
 */
export function bucketEnd(startMs, timeframe) {
  const lengthMs = fixedMs(timeframe)
  return lengthMs === undefined ? monthStart(startMs, 1) : startMs + lengthMs
}

/**
 * The length of a bucket; of a month, the mean.
 *
 * @param {string} timeframe
 */
export function bucketMs(timeframe) {
  return fixedMs(timeframe) ?? MEAN_MONTH_MS
}

/**
 * True for timeframes whose candles have no time of day.
 *
 * @param {string} timeframe
 */
export function isLong(timeframe) {
  return /^[DWM]/.test(timeframe)
}

/** @param {string} timeframe */
function fixedMs(timeframe) {
  const unit = /** @type {keyof typeof FIXED_MS} */ (timeframe.charAt(0))
  const lengthMs = FIXED_MS[unit]
  return lengthMs === undefined ? undefined : lengthMs * Number(timeframe.slice(1))
}

/**
 * @param {number} timeMs
 * @param {number} monthsLater
 */
function monthStart(timeMs, monthsLater) {
  const date = new Date(timeMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1)
}
