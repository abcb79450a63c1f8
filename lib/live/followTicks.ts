import type { Log } from '../ports.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { within } from '../within.ts'
import type { FollowedLog } from './followedLog.ts'
import type { LiveLook, LiveTicks } from './liveLook.ts'
import { beginAt, type FollowServices, NotFollowed, readOn } from './readOn.ts'

/** How long a reading is good for, however many look. */
const READ_EVERY_MS = 500
/** An older one is not shown. */
const MAX_AGE_MS = 1_000
/** So long a look waits for a reading. */
const PATIENCE_MS = 200
/** Without topic ids, another topic may have taken the topic's place in a longer pause. */
const TRUSTED_FOR_MS = 5_000

interface Reading {
  readonly done: Promise<void>
  /** A look has waited for it in vain; the others need not. */
  isSlow: boolean
}

/**
 * Follows the ticks topic for all who look at candles in this process. It reads only when somebody looks, each record once,
 * and one reading is under way at a time.
 */
export class FollowTicks implements LiveTicks {
  readonly #services: FollowServices & { readonly log: Log }
  #log: FollowedLog | undefined
  #reading: Reading | undefined
  #beganAtMs = Number.NEGATIVE_INFINITY
  /** When the newest reading began that came to the log's end. */
  #readAtMs = Number.NEGATIVE_INFINITY
  /** Why there are no live candles now, as it was logged. */
  #trouble: string | undefined

  constructor(services: FollowServices & { readonly log: Log }) {
    this.#services = services
  }

  async look(state: CandlesState): Promise<LiveLook | undefined> {
    const reading = this.#reading ?? this.#readAgain(state)
    if (reading !== undefined && !reading.isSlow) {
      await within(PATIENCE_MS, reading.done).catch(() => {
        reading.isSlow = true
      })
    }
    const log = this.#log
    if (log === undefined || !this.#isWithin(this.#readAtMs, MAX_AGE_MS) || !log.advance(state))
      return undefined
    const sinceMs = log.droppedSinceMs
    return {
      asOfUs: this.#readAtMs * 1000,
      droppedSinceUs: sinceMs === undefined ? undefined : sinceMs * 1000,
      minutes: of => log.of(of).minutes,
      versionOf: of => log.of(of).version,
    }
  }

  /** Waits for the reading that is under way, so that the log can be closed behind it. */
  async close(): Promise<void> {
    await this.#reading?.done
  }

  /** A reading, unless the last one is still good. */
  #readAgain(state: CandlesState): Reading | undefined {
    if (this.#isWithin(this.#beganAtMs, READ_EVERY_MS)) return undefined
    this.#beganAtMs = this.#services.nowMs()
    const done = this.#read(state, this.#beganAtMs).finally(() => {
      this.#reading = undefined
    })
    this.#reading = { done, isSlow: false }
    return this.#reading
  }

  /** Never throws. */
  async #read(state: CandlesState, beganAtMs: number): Promise<void> {
    try {
      if (this.#log === undefined || !this.#log.advance(state) || this.#mayBeOther(this.#log)) {
        this.#forget()
        this.#log = await beginAt(this.#services, state)
      }
      await readOn(this.#services, this.#log)
      this.#readAtMs = beganAtMs
      this.#trouble = undefined
    } catch (error) {
      if (error instanceof NotFollowed) this.#forget()
      this.#tell(error)
    }
  }

  #forget(): void {
    this.#log = undefined
    this.#readAtMs = Number.NEGATIVE_INFINITY
  }

  #mayBeOther({ topicId }: FollowedLog): boolean {
    return topicId === undefined && !this.#isWithin(this.#readAtMs, TRUSTED_FOR_MS)
  }

  /** Once, until it is over or another. */
  #tell(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error)
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#services.log.warn('candles are shown without the newest ticks on Kafka', { error: trouble })
  }

  /** False also for a moment that lies ahead, as the clock has gone back. */
  #isWithin(atMs: number, forMs: number): boolean {
    const ageMs = this.#services.nowMs() - atMs
    return ageMs >= 0 && ageMs < forMs
  }
}
