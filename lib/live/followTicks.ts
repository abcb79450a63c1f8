import type { SymbolOfSource } from '../market/candle.ts'
import type { Log } from '../ports.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { within } from '../within.ts'
import type { FollowedLog } from './followedLog.ts'
import type { LiveLook, LiveTicks } from './liveLook.ts'
import { beginAt, type FollowServices, NotFollowed, readOn, TooMuch } from './readOn.ts'

/** The shortest time from the beginning of one reading to that of the next. */
const READ_EVERY_MS = 500
/** The age of the oldest reading that is shown. */
const MAX_AGE_MS = 1_000
/** How long a look waits for a reading. */
const PATIENCE_MS = 200
/** The pause after a reading that found too much: the next one would take as long, and mostly find the same. */
const REST_MS = 30_000
/** Where Kafka has no topic ids, the topic may be deleted and made again unnoticed in a longer pause. */
const TRUSTED_FOR_MS = 5_000

interface Reading {
  readonly done: Promise<void>
  /** True once a look has waited for it in vain: the next looks do not wait for it. */
  isSlow: boolean
}

/**
 * Follows the ticks topic for all viewers of this process. It reads only when somebody looks, one reading at a time, and each
 * record once.
 */
export class FollowTicks implements LiveTicks {
  readonly #services: FollowServices & { readonly log: Log }
  #log: FollowedLog | undefined
  #reading: Reading | undefined
  #beganAtMs = Number.NEGATIVE_INFINITY
  /** The beginning of the newest reading that reached the end of the log. */
  #readAtMs = Number.NEGATIVE_INFINITY
  /** The end of the newest reading that found too much. */
  #gaveUpAtMs = Number.NEGATIVE_INFINITY
  /** The newest failure that was logged; undefined once a reading has succeeded. */
  #trouble: string | undefined

  constructor(services: FollowServices & { readonly log: Log }) {
    this.#services = services
  }

  async look(state: CandlesState, of: SymbolOfSource): Promise<LiveLook | undefined> {
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
      ...log.of(of),
    }
  }

  /** Waits for the reading that is under way, after which Kafka's connections can be closed. */
  async close(): Promise<void> {
    await this.#reading?.done
  }

  /** Starts a reading; undefined within `READ_EVERY_MS` of the last one, and within `REST_MS` of one that found too much. */
  #readAgain(state: CandlesState): Reading | undefined {
    if (this.#isWithin(this.#beganAtMs, READ_EVERY_MS) || this.#isWithin(this.#gaveUpAtMs, REST_MS))
      return undefined
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
      if (this.#log === undefined || !this.#log.advance(state) || this.#mayBeReplaced(this.#log)) {
        this.#forget()
        this.#log = await beginAt(this.#services, state)
      }
      await readOn(this.#services, this.#log)
      this.#readAtMs = beganAtMs
      this.#trouble = undefined
    } catch (error) {
      if (error instanceof NotFollowed) this.#forget()
      if (error instanceof TooMuch) this.#gaveUpAtMs = this.#services.nowMs()
      this.#warnOnce(error)
    }
  }

  #forget(): void {
    this.#log = undefined
    this.#readAtMs = Number.NEGATIVE_INFINITY
  }

  #mayBeReplaced({ topicId }: FollowedLog): boolean {
    return topicId === undefined && !this.#isWithin(this.#readAtMs, TRUSTED_FOR_MS)
  }

  /** Logs a failure, unless the one before was the same. */
  #warnOnce(error: unknown): void {
    const trouble = error instanceof Error ? error.message : String(error)
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#services.log.warn('candles are shown without the newest ticks on Kafka', { error: trouble })
  }

  /** True less than `forMs` after the moment. False for a moment of the future: the clock was set back. */
  #isWithin(atMs: number, forMs: number): boolean {
    const ageMs = this.#services.nowMs() - atMs
    return ageMs >= 0 && ageMs < forMs
  }
}
