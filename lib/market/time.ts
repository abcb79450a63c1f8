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
  return timeUs !== undefined && timeUs >= OLDEST_US && timeUs <= NEWEST_US ? timeUs : undefined
}

/**
 * Reads an ISO 8601 date and time with 0–6 decimals of a second; without a zone it means UTC, a zone is converted.
 * Gives undefined for any other text and for a date that does not exist. Exact from 1700 to 2249, near enough beyond.
 */
export function parseIsoDateTime(text: string): number | undefined {
  // A regular expression says this in a line, and takes as long as all else that is done to a tick's JSON.
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') {
    return undefined
  }
  const days = daysFromCivil(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10))
  const minutes = minutesOf(digits(text, 11, 13), digits(text, 14, 16))
  const seconds = digits(text, 17, 19)
  const fractionEnd = endOfDigits(text, 19)
  const timeUs =
    days * DAY_US +
    (minutes - zoneMinutes(text, fractionEnd)) * MINUTE_US +
    seconds * SECOND_US +
    fractionUs(text, 19, fractionEnd)
  return seconds < 60 && !Number.isNaN(timeUs) ? timeUs : undefined
}

/** The number that these characters are the digits of; NaN when one of them is none. */
function digits(text: string, from: number, to: number): number {
  let number = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

const ZERO = '0'.charCodeAt(0)

/** Where a point and the digits behind it end; the place itself when there is no point. */
function endOfDigits(text: string, from: number): number {
  if (text[from] !== '.') return from
  let end = from + 1
  while (!Number.isNaN(digits(text, end, end + 1))) end++
  return end
}

/** 1 to 6 decimals of a second with their point, or nothing, as microseconds; NaN for another number of decimals. */
function fractionUs(text: string, from: number, to: number): number {
  if (from === to) return 0
  const decimals = to - from - 1
  return decimals >= 1 && decimals <= 6 ? digits(text, from + 1, to) * 10 ** (6 - decimals) : Number.NaN
}

/** What follows a local time: nothing, `Z`, or how far it is ahead, such as `+02:00` or `-0930`; NaN for anything else. */
function zoneMinutes(text: string, from: number): number {
  const left = text.length - from
  if (left === 0 || (left === 1 && text[from] === 'Z')) return 0
  const colon = text[from + 3] === ':' ? 1 : 0
  const sign = text[from] === '+' ? 1 : text[from] === '-' ? -1 : Number.NaN
  if (left !== 5 + colon) return Number.NaN
  return sign * minutesOf(digits(text, from + 1, from + 3), digits(text, from + 3 + colon, text.length))
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
