import type { Micros } from '../market/time.ts'
import { hashToUnit, tickRate } from '../market/walk.ts'
import type { Instrument } from './fakeTicks.ts'

/** The most ticks of a step. */
const MOST_TICKS = 8
const MILLISECOND_US = 1_000

/**
 * The times of an instrument's ticks within a step of time, sorted, in whole milliseconds: about one on average, more while trade
 * is lively, at least `least`. A pure function of its arguments.
 */
export function unevenTimes(
  { seed }: Pick<Instrument, 'seed'>,
  fromUs: Micros,
  lengthUs: number,
  least = 0,
): Micros[] {
  const step = Math.floor(fromUs / lengthUs)
  const chance = (n: number) => (hashToUnit(seed + n, step) + 1) / 2
  const lively = Math.floor(tickRate(seed, fromUs / MILLISECOND_US) + chance(1))
  const count = Math.max(least, Math.min(MOST_TICKS, lively))
  return Array.from({ length: count }, (_, i) => {
    const intoUs = ((i + chance(2 + i)) / count) * lengthUs
    return fromUs + Math.floor(intoUs / MILLISECOND_US) * MILLISECOND_US
  })
}
