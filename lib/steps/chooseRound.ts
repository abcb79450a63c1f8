import { coverWith, type TimeRange } from '../market/range.ts'
import { dayOf, MINUTE_US, type Micros } from '../market/time.ts'

/** A minute that holds new ticks of one partition; `firstOffset` is the lowest of them. */
export interface Touch {
  readonly epoch: number
  readonly partition: number
  readonly minuteUs: Micros
  readonly firstOffset: number
}

/** How far a round goes, and which minutes its ticks touch. */
export interface RoundLimits {
  /** Partitions in which the round ends early, with the offset that it ends before. */
  readonly stops: readonly { readonly epoch: number; readonly partition: number; readonly next: number }[]
  readonly minutes: readonly TimeRange[]
}

/** More ranges make the statement longer than they save in reading. */
const MAX_RANGES = 200

/**
 * Chooses what one round takes of the new ticks: from each partition as many from the front as touch no more than
 * `maxDays` days in all. What remains is for the next round; the front of every log is always taken.
 */
export function chooseRound(touches: readonly Touch[], maxDays: number): RoundLimits {
  const days = new Set<number>()
  const stops: { epoch: number; partition: number; next: number }[] = []
  const minutes = new Set<Micros>()
  for (const log of Map.groupBy(touches, t => `${t.epoch}/${t.partition}`).values()) {
    for (const touch of log.toSorted((a, b) => a.firstOffset - b.firstOffset)) {
      const day = dayOf(touch.minuteUs)
      if (!days.has(day) && days.size >= maxDays) {
        stops.push({ epoch: touch.epoch, partition: touch.partition, next: touch.firstOffset })
        break
      }
      days.add(day)
      minutes.add(touch.minuteUs)
    }
  }
  const ranges = [...minutes].map(fromUs => ({ fromUs, toUs: fromUs + MINUTE_US }))
  return { stops, minutes: coverWith(ranges, MAX_RANGES) }
}
