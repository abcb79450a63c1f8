import { setTimeout as sleep } from 'node:timers/promises'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { SYMBOLS } from '../latency/feed.ts'
import type { BenchWorld } from '../world.ts'
import { lateBy, lateRecord } from './lateTicks.ts'

/** Beside a tick a second of each symbol. */
const LATE_SHARE = 0.03
const EVERY_MS = 1_000 / (SYMBOLS * LATE_SHARE)

/** Late ticks at an even pace: 3 for each 100 live ones. */
export class LateFeed {
  sent = 0
  readonly #feeding: Promise<void>
  readonly #over = new AbortController()

  constructor(world: BenchWorld) {
    this.#feeding = this.#feed(world)
    this.#feeding.catch(() => undefined)
  }

  /** Ends it; throws what sending threw. */
  async stop(): Promise<void> {
    this.#over.abort()
    await this.#feeding
  }

  async #feed({ services: { topicWriter, settings } }: BenchWorld): Promise<void> {
    const startMs = Date.now()
    for (const { instrument, lateUs } of lateBy()) {
      const waitMs = startMs + this.sent * EVERY_MS - Date.now()
      await sleep(Math.max(0, waitMs), undefined, { signal: this.#over.signal }).catch(() => undefined)
      if (this.#over.signal.aborted) return
      const tick = { source: FAKE_SOURCE, instrument, timeUs: Date.now() * 1000 - lateUs }
      await topicWriter.send([lateRecord(settings.ticksTopic, tick)])
      this.sent += 1
    }
  }
}
