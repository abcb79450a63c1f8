import type { Random } from '../../faults/random.ts'
import type { SimWorld } from './world.ts'

/** Does something to the world, by chance, and says what. */
export type Step = (world: SimWorld, random: Random) => Promise<string>

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** True so often. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability
}
