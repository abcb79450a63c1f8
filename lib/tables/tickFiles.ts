import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { TimeRange } from '../market/range.ts'
import { floorTo, MINUTE_US, NEWEST_US, OLDEST_US } from '../market/time.ts'
import { fieldNamed } from './layout.ts'
import { TICKS_SCHEMA } from './ticksTable.ts'

const DATE_TIME = fieldNamed(TICKS_SCHEMA, 'date_time')

/**
 * The whole minutes between the bounds of a file of ticks; all time without bounds. Where the manifest has none, planning has
 * added the bounds of the partition.
 */
export function rangeOf(file: DataFile): TimeRange {
  const firstUs = Number(lowerBound(file, DATE_TIME) ?? OLDEST_US)
  const lastUs = Number(upperBound(file, DATE_TIME) ?? NEWEST_US)
  return { fromUs: floorTo(firstUs, MINUTE_US), toUs: floorTo(lastUs, MINUTE_US) + MINUTE_US }
}

/** True for a file that may hold ticks of any time. */
export function isOfAnyTime({ fromUs, toUs }: TimeRange): boolean {
  return fromUs <= OLDEST_US && toUs > NEWEST_US
}
