import type { World } from '../world/world.ts'

/** One way in which the world goes wrong. */
export interface Harm {
  readonly name: string
  /** Before the round's first tick, with everything ingested and judged. */
  prepare?(world: World): Promise<void>
  /** At a random moment, while ticks come in; resolves when the harm is over. */
  strike(world: World): Promise<void>
  /** What a supervisor or an operator does about it, while ticks come in. */
  repair?(world: World): Promise<void>
}
