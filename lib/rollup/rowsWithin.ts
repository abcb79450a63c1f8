import { clipRanges, type TimeRange } from '../market/range.ts'

/** A file's rows, and the stretch of time that they lie in. */
export interface SpreadRows extends TimeRange {
  readonly rows: number
}

/** About how many rows lie in the ranges, as if each file's were spread evenly over its stretch. */
export function rowsWithin(files: readonly SpreadRows[], ranges: readonly TimeRange[]): number {
  let sum = 0
  for (const file of files) {
    const sharedUs = clipRanges(ranges, file).reduce((us, { fromUs, toUs }) => us + toUs - fromUs, 0)
    sum += (file.rows * sharedUs) / (file.toUs - file.fromUs)
  }
  return sum
}
