import { HourSet } from '../../lib/market/hours.ts'
import type { TimeRange } from '../../lib/market/range.ts'
import { HOUR_US, MINUTE_US, type Micros } from '../../lib/market/time.ts'
import { NOTHING_STALE, type StaleHours } from '../../lib/tables/candlesState.ts'

/** A Tuesday in the middle of a month. */
export const at = (time: string, day = '2026-03-17'): Micros => Date.parse(`${day}T${time}Z`) * 1000
export const minute = (time: string, day?: string): TimeRange => {
  return { fromUs: at(time, day), toUs: at(time, day) + MINUTE_US }
}
export const NOW_US = at('14:37')
/** Where candles may begin: everything before is right when no hour is stale. */
export const EVER_US = Date.UTC(1690, 0) * 1000

export const hours = (...times: (string | number)[]) =>
  HourSet.of(times.map(time => (typeof time === 'number' ? time : at(time) / HOUR_US)))
export const listed = (set: HourSet) =>
  [...set.hours()].map(hour => new Date((hour * HOUR_US) / 1000).toISOString().slice(0, 13))
export const ofDay = (...list: string[]) => list.map(hour => `2026-03-17T${hour}`)
export const exactOf = ({ exact: { fromUs, toUs } }: StaleHours) =>
  [fromUs, toUs].map(timeUs =>
    timeUs === EVER_US ? 'ever' : new Date(timeUs / 1000).toISOString().slice(11, 16),
  )

export const state = (changes: Partial<StaleHours>): StaleHours => ({ ...NOTHING_STALE, ...changes })
export const exact = (from: string, to: string): TimeRange => ({ fromUs: at(from), toUs: at(to) })
