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
const FIRST_US = Date.UTC(1700, 0) * 1000
const LAST_US = Date.UTC(2250, 0) * 1000 - 1

const ISO_DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:Z|([+-])(\d{2}):?(\d{2}))?$/

/**
 * Reads an ISO 8601 date and time with 0–6 decimals of a second; without a zone it means UTC, a zone is converted.
 * Gives undefined for any other text, for a date that does not exist, and for one outside the years 1700 to 2249.
 */
export function parseDateTime(text: string): Micros | undefined {
  const match = ISO_DATE_TIME.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] =
    match
  const days = daysFromCivil(Number(year), Number(month), Number(day))
  if (days === undefined) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined
  const localMinutes = Number(hour) * 60 + Number(minute)
  const zoneMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  const seconds = (localMinutes - zoneMinutes) * 60 + Number(second)
  const micros = days * DAY_US + seconds * SECOND_US + Number(fraction.padEnd(6, '0'))
  return micros >= FIRST_US && micros <= LAST_US ? micros : undefined
}

/** `2025-03-20T14:31:28.000000Z`: always six decimals and the zone, so that texts sort as times do. */
export function formatDateTime(timeUs: Micros): string {
  const seconds = Math.floor(timeUs / SECOND_US)
  const fraction = String(timeUs - seconds * SECOND_US).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** Days since 1970-01-01 of a proleptic Gregorian date, or undefined when there is no such day. */
function daysFromCivil(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return exists ? date.getTime() / 86_400_000 : undefined
}
