import { clipRanges, mergeRanges, type TimeRange } from './range.ts'
import { dayOf, HOUR_US, type Micros, NEWEST_US, OLDEST_US } from './time.ts'

/** Whole hours since 1970-01-01T00:00:00Z. */
export type Hour = number

export const HOURS_PER_DAY = 24
const WHOLE_DAY = 0xffffff

/** The hour that holds the moment. */
export function hourOf(timeUs: Micros): Hour {
  return Math.floor(timeUs / HOUR_US)
}

/** The day, since 1970-01-01, that holds the hour. */
export function dayOfHour(hour: Hour): number {
  return Math.floor(hour / HOURS_PER_DAY)
}

/** A set of hours (UTC). It never changes: each operation gives another set. */
export class HourSet {
  static readonly EMPTY = new HourSet(new Map())

  /** By day since 1970: bit n stands for hour n of the day. No day is empty; days are in their order. */
  readonly #masks: ReadonlyMap<number, number>

  private constructor(masks: ReadonlyMap<number, number>) {
    this.#masks = masks
  }

  static of(hours: Iterable<Hour>): HourSet {
    const masks = new Map<number, number>()
    for (const hour of hours) {
      const day = dayOfHour(hour)
      masks.set(day, (masks.get(day) ?? 0) | (1 << (hour - day * HOURS_PER_DAY)))
    }
    return HourSet.ofMasks(masks)
  }

  /** `masks` gives each day's 24 bits; days without a bit are left out. */
  static ofMasks(masks: Iterable<readonly [number, number]>): HourSet {
    const days = [...masks].filter(([, mask]) => mask !== 0).sort(([a], [b]) => a - b)
    return days.length === 0 ? HourSet.EMPTY : new HourSet(new Map(days))
  }

  /**
   * Every hour of the years 1700 to 2249 that shares a moment with one of the ranges. Other engines write rows of any time, such
   * as 9999-12-31; no candle is made of these, and a set that reached so far would be of millions of days.
   */
  static touching(ranges: readonly TimeRange[]): HourSet {
    const masks = new Map<number, number>()
    for (const { fromUs, toUs } of clipRanges(ranges, { fromUs: OLDEST_US, toUs: NEWEST_US + 1 })) {
      for (let day = dayOf(fromUs); day <= dayOf(toUs - 1); day++) {
        masks.set(day, (masks.get(day) ?? 0) | bitsOf(day, { fromUs, toUs }))
      }
    }
    return HourSet.ofMasks(masks)
  }

  /** How many hours there are. */
  get size(): number {
    let size = 0
    for (const mask of this.#masks.values()) size += countBits(mask)
    return size
  }

  get isEmpty(): boolean {
    return this.#masks.size === 0
  }

  has(hour: Hour): boolean {
    const day = dayOfHour(hour)
    return (((this.#masks.get(day) ?? 0) >>> (hour - day * HOURS_PER_DAY)) & 1) === 1
  }

  /** Each day with its 24 bits, in the order of days. */
  days(): (readonly [number, number])[] {
    return [...this.#masks]
  }

  /** Each hour, in order. */
  *hours(): Generator<Hour> {
    for (const [day, mask] of this.#masks) {
      for (let n = 0; n < HOURS_PER_DAY; n++) if (((mask >>> n) & 1) === 1) yield day * HOURS_PER_DAY + n
    }
  }

  union(other: HourSet): HourSet {
    if (other.isEmpty) return this
    const masks = new Map(this.#masks)
    for (const [day, mask] of other.#masks) masks.set(day, (masks.get(day) ?? 0) | mask)
    return HourSet.ofMasks(masks)
  }

  minus(other: HourSet): HourSet {
    if (this.isEmpty || other.isEmpty) return this
    return HourSet.ofMasks(this.days().map(([day, mask]) => [day, mask & ~(other.#masks.get(day) ?? 0)]))
  }

  intersect(other: HourSet): HourSet {
    return HourSet.ofMasks(this.days().map(([day, mask]) => [day, mask & (other.#masks.get(day) ?? 0)]))
  }

  /** The hours that share a moment with one of the ranges, which are few and may be far longer than the set. */
  within(ranges: readonly TimeRange[]): HourSet {
    return HourSet.ofMasks(
      this.days().map(([day, mask]) => [
        day,
        ranges.reduce((bits, range) => bits | bitsOf(day, range), 0) & mask,
      ]),
    )
  }

  /** All hours of the days that have one of the set. */
  wholeDays(): HourSet {
    return HourSet.ofMasks(this.days().map(([day]) => [day, WHOLE_DAY]))
  }

  /** True when one of the hours shares a moment with the stretch [fromUs, toUs). */
  touches(fromUs: Micros, toUs: Micros): boolean {
    if (this.isEmpty || fromUs >= toUs) return false
    for (let day = dayOf(fromUs); day <= dayOf(toUs - 1); day++) {
      if (((this.#masks.get(day) ?? 0) & bitsOf(day, { fromUs, toUs })) !== 0) return true
    }
    return false
  }

  /** The earliest hour; NaN for an empty set. */
  get firstHour(): Hour {
    const [first] = this.#masks
    return first === undefined ? Number.NaN : first[0] * HOURS_PER_DAY + countTrailingZeros(first[1])
  }

  /** The latest hour; NaN for an empty set. */
  get lastHour(): Hour {
    const last = this.days().at(-1)
    return last === undefined ? Number.NaN : last[0] * HOURS_PER_DAY + 31 - Math.clz32(last[1])
  }

  /** The hours as stretches of time, in their order; hours that follow one another are one stretch. */
  ranges(): TimeRange[] {
    return mergeRanges(
      this.days().flatMap(([day, mask]) => {
        const hours = mask === WHOLE_DAY ? [[0, HOURS_PER_DAY] as const] : runsOf(mask)
        return hours.map(([from, to]) => ({
          fromUs: (day * HOURS_PER_DAY + from) * HOUR_US,
          toUs: (day * HOURS_PER_DAY + to) * HOUR_US,
        }))
      }),
    )
  }
}

/** The hours of a day that share a moment with the range. */
function bitsOf(day: number, { fromUs, toUs }: TimeRange): number {
  if (fromUs >= toUs) return 0
  const start = day * HOURS_PER_DAY
  const first = Math.max(hourOf(fromUs) - start, 0)
  const end = Math.min(Math.ceil(toUs / HOUR_US) - start, HOURS_PER_DAY)
  return first >= end ? 0 : ((1 << end) - 1) & ~((1 << first) - 1)
}

function countBits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

function countTrailingZeros(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** Hours of one day that follow one another, as [first, end) pairs. */
function runsOf(mask: number): (readonly [number, number])[] {
  const runs: (readonly [number, number])[] = []
  for (let hour = 0; hour < HOURS_PER_DAY; hour++) {
    if (((mask >>> hour) & 1) === 0) continue
    const from = hour
    while (hour < HOURS_PER_DAY && ((mask >>> hour) & 1) === 1) hour++
    runs.push([from, hour])
  }
  return runs
}
