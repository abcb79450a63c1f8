/** Microseconds since 1970-01-01T00:00:00Z; a safe integer. */
export type Micros = number

export const SECOND_US = 1_000_000
export const MINUTE_US = 60 * SECOND_US
export const HOUR_US = 60 * MINUTE_US
export const DAY_US = 24 * HOUR_US

/** The newest moment of the grid that is not after the given one; the grid counts from 1970-01-01. */
export function floorTo(timeUs: Micros, gridUs: number): Micros {
  return Math.floor(timeUs / gridUs) * gridUs
}

/** Whole days since 1970-01-01. */
export function dayOf(timeUs: Micros): number {
  return Math.floor(timeUs / DAY_US)
}

/** The years between: every bucket that holds such a moment begins and ends at a safe integer. */
export const OLDEST_US = Date.UTC(1700, 0) * 1000
export const NEWEST_US = Date.UTC(2250, 0) * 1000 - 1

/** As `parseIsoDateTime`, and undefined for a moment outside the years 1700 to 2249. */
export function parseDateTime(text: string): Micros | undefined {
  const timeUs = parseIsoDateTime(text)
  return timeUs !== undefined && isWithinYears(timeUs) ? timeUs : undefined
}

/** True for a moment of the years 1700 to 2249. */
export function isWithinYears(timeUs: Micros): boolean {
  return timeUs >= OLDEST_US && timeUs <= NEWEST_US
}

/**
 * Reads an ISO 8601 date and time with 0–6 decimals of a second; without a zone it means UTC, a zone is converted.
 * Gives undefined for any other text and for a date that does not exist. Exact from 1700 to 2249, near enough beyond.
 */
export function parseIsoDateTime(text: string): number | undefined {
  const bytes = Buffer.from(text)
  return readDateTime(bytes, 0, bytes.length)
}

/** As `parseIsoDateTime`, of the text's bytes from one place to another. */
export function readDateTime(bytes: Uint8Array, from: number, to: number): number | undefined {
  // A regular expression says this in a line, and takes as long as all else that is done to a tick's JSON.
  const secondsEnd = from + 19
  if (to < secondsEnd || bytes[from + 16] !== COLON) return undefined
  const minuteUs = readMinute(bytes, from)
  const seconds = digits(bytes, from + 17, secondsEnd)
  const fractionEnd = endOfFraction(bytes, secondsEnd, to)
  const timeUs =
    minuteUs -
    zoneMinutes(bytes, fractionEnd, to) * MINUTE_US +
    seconds * SECOND_US +
    fractionUs(bytes, secondsEnd, fractionEnd)
  return seconds < 60 && !Number.isNaN(timeUs) ? timeUs : undefined
}

/** Times come in order, nearly: most are of the minute that was read last. */
const lastMinute = { text: new Uint8Array(16), timeUs: Number.NaN }

/** Of `2025-03-20T14:31`; NaN for another form and for a minute that does not exist. */
function readMinute(bytes: Uint8Array, from: number): number {
  const { text } = lastMinute
  let same = 0
  while (same < text.length && bytes[from + same] === text[same]) same++
  if (same === text.length) return lastMinute.timeUs
  const isMarked =
    bytes[from + 4] === HYPHEN &&
    bytes[from + 7] === HYPHEN &&
    bytes[from + 10] === T &&
    bytes[from + 13] === COLON
  if (!isMarked) return Number.NaN
  const days = daysFromCivil(
    digits(bytes, from, from + 4),
    digits(bytes, from + 5, from + 7),
    digits(bytes, from + 8, from + 10),
  )
  const minutes = minutesOf(digits(bytes, from + 11, from + 13), digits(bytes, from + 14, from + 16))
  text.set(bytes.subarray(from, from + text.length))
  lastMinute.timeUs = days * DAY_US + minutes * MINUTE_US
  return lastMinute.timeUs
}

const [ZERO, NINE, HYPHEN, PLUS, POINT, COLON, T, Z] = [0x30, 0x39, 0x2d, 0x2b, 0x2e, 0x3a, 0x54, 0x5a]

/** The number that these bytes are the digits of; NaN when one of them is none. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let number = 0
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

/** Where a point and the digits behind it end; `from` itself when there is no point. */
function endOfFraction(bytes: Uint8Array, from: number, to: number): number {
  if (from === to || bytes[from] !== POINT) return from
  let end = from + 1
  while (end < to && bytes[end]! >= ZERO && bytes[end]! <= NINE) end++
  return end
}

/** 1 to 6 decimals of a second with their point, or nothing, as microseconds; NaN for another number of decimals. */
function fractionUs(bytes: Uint8Array, from: number, to: number): number {
  if (from === to) return 0
  const decimals = to - from - 1
  return decimals >= 1 && decimals <= 6
    ? digits(bytes, from + 1, to) * MICROS_OF_DECIMALS[decimals]!
    : Number.NaN
}

const MICROS_OF_DECIMALS = [1e6, 1e5, 1e4, 1e3, 100, 10, 1]

/** What follows a local time: nothing, `Z`, or how far it is ahead, such as `+02:00` or `-0930`; NaN for anything else. */
function zoneMinutes(bytes: Uint8Array, from: number, to: number): number {
  const left = to - from
  if (left === 0 || (left === 1 && bytes[from] === Z)) return 0
  const colon = bytes[from + 3] === COLON ? 1 : 0
  const sign = bytes[from] === PLUS ? 1 : bytes[from] === HYPHEN ? -1 : Number.NaN
  if (left !== 5 + colon) return Number.NaN
  return sign * minutesOf(digits(bytes, from + 1, from + 3), digits(bytes, from + 3 + colon, to))
}

/** NaN unless it is a time of day. */
function minutesOf(hour: number, minute: number): number {
  return hour < 24 && minute < 60 ? hour * 60 + minute : Number.NaN
}

/** `2025-03-20T14:31:28.000000Z`: always six decimals and the zone, so that texts sort as times do. */
export function formatDateTime(timeUs: Micros): string {
  const seconds = Math.floor(timeUs / SECOND_US)
  const fraction = String(timeUs - seconds * SECOND_US).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** Days since 1970-01-01 of a proleptic Gregorian date; NaN when there is no such day. */
function daysFromCivil(year: number, month: number, day: number): number {
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  if (!exists) return Number.NaN
  // Counted in years that begin in March, the leap day is the last one: https://howardhinnant.github.io/date_algorithms.html
  const marchYear = month < 3 ? year - 1 : year
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return marchYear * 365 + leapDays + dayOfYear - DAYS_BEFORE_1970
}

/** From 0000-03-01. */
const DAYS_BEFORE_1970 = 719_468

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
