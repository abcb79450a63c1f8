import { isLong } from './timeframes.js'

/** @import { Zone } from './zone.js' */

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

/**
 * A bucket's start, as precise as its timeframe: `Tue 24 Nov 2026 14:31`, `Tue 24 Nov 2026`, `Nov 2026`. Days, weeks and
 * months are those of UTC in every zone.
 *
 * @param {number} timeMs
 * @param {string} timeframe
 * @param {Zone} zone
 */
export function bucketText(timeMs, timeframe, zone) {
  const time = isLong(timeframe) ? new Date(timeMs) : zone.wall(timeMs)
  const month = `${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`
  if (timeframe.startsWith('M')) return month
  const day = `${shortDay(time)} ${time.getUTCDate()} ${month}`
  return isLong(timeframe) ? day : `${day} ${time.toISOString().slice(11, 16)}`
}

/**
 * The time of day, to the second: `14:31:07`.
 *
 * @param {number} timeMs
 * @param {Zone} zone
 */
export function clockText(timeMs, zone) {
  return zone.wall(timeMs).toISOString().slice(11, 19)
}

/**
 * A moment of the past in everyday form: `16:43:00` today, `Friday 22:00` within a week, else `24 Nov 22:00`, with the year
 * unless it is this one.
 *
 * @param {number} timeMs
 * @param {number} nowMs
 * @param {Zone} zone
 */
export function momentText(timeMs, nowMs, zone) {
  const [time, now] = [zone.wall(timeMs), zone.wall(nowMs)]
  const days = Math.floor(now.getTime() / DAY_MS) - Math.floor(time.getTime() / DAY_MS)
  const clock = time.toISOString().slice(11, days === 0 ? 19 : 16)
  if (days === 0) return clock
  if (days > 0 && days < 7) return `${WEEKDAYS[time.getUTCDay()]} ${clock}`
  const year = time.getUTCFullYear() === now.getUTCFullYear() ? '' : ` ${time.getUTCFullYear()}`
  return `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}${year} ${clock}`
}

/**
 * A rounded length of time: `8 s`, `4 min`, `3 h 5 min`, `2 days`.
 *
 * @param {number} lengthMs
 */
export function lengthText(lengthMs) {
  const seconds = Math.max(0, Math.floor(lengthMs / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days`
}

/**
 * The time that is left, to the second: `0:23`, `2:41:07`, `3d 02:41`.
 *
 * @param {number} leftMs
 */
export function countdownText(leftMs) {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000))
  const [days, hours, minutes] = [86_400, 3_600, 60].map(unit => Math.floor(seconds / unit))
  const two = (/** @type {number} */ count, /** @type {number} */ of) => String(count % of).padStart(2, '0')
  if (days) return `${days}d ${two(hours ?? 0, 24)}:${two(minutes ?? 0, 60)}`
  if (hours) return `${hours}:${two(minutes ?? 0, 60)}:${two(seconds, 60)}`
  return `${minutes}:${two(seconds, 60)}`
}

/**
 * `Mon`, by the date's UTC fields.
 *
 * @param {Date} date
 */
export function shortDay(date) {
  return /** @type {string} */ (WEEKDAYS[date.getUTCDay()]).slice(0, 3)
}

/**
 * The text of a mark on the time axis.
 *
 * @param {Date} wall
 * @param {'year' | 'month' | 'day' | 'time'} kind
 */
export function markText(wall, kind) {
  if (kind === 'year') return String(wall.getUTCFullYear())
  if (kind === 'month') return /** @type {string} */ (MONTHS[wall.getUTCMonth()])
  return kind === 'day' ? String(wall.getUTCDate()) : wall.toISOString().slice(11, 16)
}

/**
 * A short form for the address, UTC: `2026-11-24` or `2026-11-24T14:31`.
 *
 * @param {string} iso
 */
export function shortIso(iso) {
  const minutes = new Date(iso).toISOString().slice(0, 16)
  return minutes.endsWith('T00:00') ? minutes.slice(0, 10) : minutes
}

/**
 * Reads a moment in short or full ISO form, UTC unless it names a zone; undefined for any other text.
 *
 * @param {string} text
 * @returns {string | undefined}
 */
export function momentOfText(text) {
  const hasZone = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(text)
  const timeMs = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`)
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString()
}
