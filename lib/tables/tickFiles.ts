import { type DataFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import type { TimeRange } from '../market/range.ts'
import { DAY_US, floorTo, MINUTE_US } from '../market/time.ts'
import { fieldNamed } from './layout.ts'
import { TICKS_SCHEMA } from './ticksTable.ts'

const DATE_TIME = fieldNamed(TICKS_SCHEMA, 'date_time')

/** The whole minutes between the bounds of a file of ticks; without bounds, its day. */
export function rangeOf(file: DataFile): TimeRange {
  const dayUs = Number(file.partition.date_time_day) * DAY_US
  const firstUs = Number(lowerBound(file, DATE_TIME) ?? dayUs)
  const lastUs = Number(upperBound(file, DATE_TIME) ?? dayUs + DAY_US - 1)
  return { fromUs: floorTo(firstUs, MINUTE_US), toUs: floorTo(lastUs, MINUTE_US) + MINUTE_US }
}
