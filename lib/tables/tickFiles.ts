import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { TimeRange } from '../market/range.ts'
import { DAY_US, floorTo, MINUTE_US, NEWEST_US, OLDEST_US } from '../market/time.ts'
import { fieldNamed } from './layout.ts'
import { TICKS_SCHEMA } from './ticksTable.ts'

const DATE_TIME = fieldNamed(TICKS_SCHEMA, 'date_time')

/** The whole minutes between the bounds of a file of ticks; without bounds its day; without a day all time. */
export function rangeOf(file: DataFile): TimeRange {
  const day = file.partition.date_time_day
  const isKnown = typeof day === 'number'
  const firstUs = Number(lowerBound(file, DATE_TIME) ?? (isKnown ? day * DAY_US : OLDEST_US))
  const lastUs = Number(upperBound(file, DATE_TIME) ?? (isKnown ? (day + 1) * DAY_US - 1 : NEWEST_US))
  return { fromUs: floorTo(firstUs, MINUTE_US), toUs: floorTo(lastUs, MINUTE_US) + MINUTE_US }
}

/** True for a file that may hold ticks of any time. */
export function isOfAnyTime({ fromUs, toUs }: TimeRange): boolean {
  return fromUs <= OLDEST_US && toUs > NEWEST_US
}
