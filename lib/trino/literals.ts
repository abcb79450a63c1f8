import type { TimeRange } from '../market/range.ts'
import { formatDateTime, type Micros, SECOND_US } from '../market/time.ts'

/** `TIMESTAMP '2026-01-01 00:00:00.000000 UTC'`. Throws `RangeError` for what is no safe integer. */
export function timestampLiteral(timeUs: Micros): string {
  if (!Number.isSafeInteger(timeUs)) throw new RangeError(`${timeUs} is not a time in whole microseconds`)
  const [date, time] = formatDateTime(timeUs).replace('Z', '').split('T')
  return `TIMESTAMP '${date} ${time} UTC'`
}

/** Text as SQL, whatever it contains. Throws `RangeError` for a lone surrogate, which would arrive as another text. */
export function textLiteral(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('the text is not well-formed Unicode')
  return `'${text.replaceAll("'", "''")}'`
}

/** A whole number as SQL. Throws `RangeError` for a number that is not exact. */
export function integerLiteral(value: bigint | number): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not an exact integer`)
  }
  return String(value)
}

/** A predicate, true for times within one of the ranges, which begin and end at whole seconds; `false` when there are none. */
export function inRanges(column: string, ranges: readonly TimeRange[]): string {
  const name = identifier(column)
  const moment = (timeUs: Micros) => `from_unixtime(${integerLiteral(timeUs / SECOND_US)})`
  const within = ({ fromUs, toUs }: TimeRange) =>
    `(${name} >= ${moment(fromUs)} AND ${name} < ${moment(toUs)})`
  return ranges.map(within).join(' OR ') || 'false'
}

/** The name itself, when it is one that needs no quotes. Throws `RangeError` for any other text. */
export function identifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new RangeError(`"${name}" is not a plain SQL name`)
  return name
}
