import type { TimeRange } from '../market/range.ts'
import { DAY_US, MINUTE_US } from '../market/time.ts'

/** Whole minutes that cover the range, cut at midnights: each piece a round of bounded size. */
export function* pieces({ fromUs, toUs }: TimeRange): Generator<TimeRange> {
  const endUs = Math.ceil(toUs / MINUTE_US) * MINUTE_US
  let startUs = Math.floor(fromUs / MINUTE_US) * MINUTE_US
  while (startUs < endUs) {
    const midnightUs = (Math.floor(startUs / DAY_US) + 1) * DAY_US
    const nextUs = Math.min(midnightUs, endUs)
    yield { fromUs: startUs, toUs: nextUs }
    startUs = nextUs
  }
}
