import { cutAtMidnights } from '../../lib/market/range.ts'
import { DAY_US, floorTo, type Micros, SECOND_US } from '../../lib/market/time.ts'
import type { HistorySpec } from './spec.ts'

/** Ticks of one day and at one pace, as many as one compacted file holds. */
export interface Stretch {
  readonly fromUs: Micros
  readonly toUs: Micros
  readonly everyUs: Micros
}

/** As large as `maintain` makes a file of ticks. */
const FILE_ROWS = 500_000

/** The midnight with which the last day of a history begins. */
export function lastMidnight({ endUs }: HistorySpec): Micros {
  return floorTo(endUs - 1, DAY_US)
}

/** All of a history, in the order of time. */
export function* stretchesOf(spec: HistorySpec): Generator<Stretch> {
  const { days, symbols, endUs, everySeconds, lastDayEverySeconds } = spec
  const fromUs = lastMidnight(spec) - (days - 1) * DAY_US
  for (const day of cutAtMidnights({ fromUs, toUs: endUs })) {
    const everyUs = (day.toUs < endUs ? everySeconds : lastDayEverySeconds) * SECOND_US
    const fileUs = everyUs * Math.max(1, Math.floor(FILE_ROWS / symbols))
    for (let fromUs = day.fromUs; fromUs < day.toUs; fromUs += fileUs) {
      yield { fromUs, toUs: Math.min(day.toUs, fromUs + fileUs), everyUs }
    }
  }
}

/** How many ticks each symbol has in the stretch. */
export function ticksIn({ fromUs, toUs, everyUs }: Stretch): number {
  return Math.ceil((toUs - fromUs) / everyUs)
}
