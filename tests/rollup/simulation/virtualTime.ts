import { createRequire, syncBuiltinESMExports } from 'node:module'
import { random } from '../../faults/random.ts'
import type { Clock } from '../../support/world.ts'

const timers = createRequire(import.meta.url)('node:timers/promises') as {
  setTimeout: (ms?: number, value?: unknown) => Promise<unknown>
}

/** A world's time: a wall clock that can be set, and one that only goes forwards. Nothing waits: to sleep moves both on. */
export class VirtualTime {
  readonly #clock: Clock
  #monotonicMs = 0
  #highestMs: number
  /** Called when the wall clock is later than it ever was. */
  onReached: (wallMs: number) => void = () => {}
  /** Called after each sleep: others may run then. */
  onSlept: () => Promise<void> = async () => {}

  constructor(clock: Clock) {
    this.#clock = clock
    this.#highestMs = clock.nowMs
  }

  get wallMs(): number {
    return this.#clock.nowMs
  }

  /** Time passes: whole milliseconds. */
  pass(ms: number): void {
    this.#monotonicMs += Math.ceil(ms)
    this.set(this.wallMs + Math.ceil(ms))
  }

  /** Somebody sets the wall clock. */
  set(wallMs: number): void {
    this.#clock.nowMs = wallMs
    if (wallMs <= this.#highestMs) return
    this.#highestMs = wallMs
    this.onReached(wallMs)
  }

  /**
   * Does the work with `performance.now()` and the sleep of `node:timers/promises` in this time, and with a `Math.random` that can
   * be played again.
   */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const sleep = timers.setTimeout
    const chance = Math.random
    Math.random = random(1).next
    timers.setTimeout = async (ms = 0, value) => {
      this.pass(Math.max(1, ms))
      await this.onSlept()
      return value
    }
    syncBuiltinESMExports()
    performance.now = () => this.#monotonicMs
    try {
      return await work()
    } finally {
      Math.random = chance
      timers.setTimeout = sleep
      syncBuiltinESMExports()
      Reflect.deleteProperty(performance, 'now')
    }
  }
}
