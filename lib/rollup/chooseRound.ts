import { coverWith, type TimeRange } from '../market/range.ts'
import { dayOf, MINUTE_US, type Micros } from '../market/time.ts'
import {
  advance,
  nextOffset,
  type OffsetVector,
  type Position,
  UNKNOWN_TIME,
} from '../tables/offsetVector.ts'

/** A minute that holds new ticks of one partition; `firstOffset` is the lowest of them. */
export interface Touch {
  readonly epoch: number
  readonly partition: number
  readonly minuteUs: Micros
  readonly firstOffset: number
}

/** How far a round goes, and which minutes its ticks touch. */
export interface ChosenTicks {
  readonly vector: OffsetVector
  readonly minutes: readonly TimeRange[]
}

/** More ranges make the statement longer than they save in reading. */
const MAX_RANGES = 200

/**
 * Chooses what one round takes of the new ticks below `reachable`: from each log as many from the front as touch no
 * more than `maxDays` days in all. What remains is for the next round; one log at least goes on.
 */
export function chooseRound(
  touches: readonly Touch[],
  reachable: OffsetVector,
  maxDays: number,
): ChosenTicks {
  const days = new Set<number>()
  const minutes = new Set<Micros>()
  const stops = new Map<string, Position>()
  const below = touches.filter(t => t.firstOffset < nextOffset(reachable, t.partition, t.epoch))
  for (const touch of below.toSorted((a, b) => a.firstOffset - b.firstOffset)) {
    const { epoch, partition, minuteUs, firstOffset } = touch
    const log = `${epoch}/${partition}`
    if (stops.has(log)) continue
    const day = dayOf(minuteUs)
    if (!days.has(day) && days.size >= maxDays) {
      stops.set(log, { epoch, partition, next: firstOffset, timestampMs: UNKNOWN_TIME })
      continue
    }
    days.add(day)
    minutes.add(minuteUs)
  }
  const ranges = [...minutes].map(fromUs => ({ fromUs, toUs: fromUs + MINUTE_US }))
  return { vector: advance(reachable, [...stops.values()]), minutes: coverWith(ranges, MAX_RANGES) }
}
