import { Refused } from './api.js'
import { freshness } from './freshness.js'

/** @import { Page, Status } from './api.js' */
/** @import { ServerClock } from './serverClock.js' */

/** What the server has answered so far about what is on the screen, and when. */
export class Answers {
  #clock
  /** @type {Status | undefined} */
  #status
  /** @type {number | undefined} */
  #answeredMs
  /** By the local clock: the server's is not known at first. */
  #tryingSinceMs = Date.now()
  #isRefused = false

  /** @param {ServerClock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /**
   * Takes an answer; without a page, the one before it still holds.
   *
   * @param {Page | undefined} page
   * @param {number} sentMs when it was asked for, by the local clock
   */
  take(page, sentMs) {
    const serverTime = page?.status?.serverTime
    if (serverTime !== undefined) this.#clock.take(Date.parse(serverTime), sentMs, Date.now())
    this.#answeredMs = serverTime === undefined ? this.#clock.at(sentMs) : Date.parse(serverTime)
    this.#isRefused = false
    if (page !== undefined) this.#status = page.status
  }

  /**
   * Takes a failure: it says nothing of the candles, except where the server knows that there are none.
   *
   * @param {unknown} error
   */
  takeFailure(error) {
    this.#isRefused = error instanceof Refused
    if (!(error instanceof Refused) || error.isForNow) return
    this.#answeredMs = this.#clock.nowMs
    this.#status = undefined
  }

  /** Asking goes on after a rest: what was not asked for meanwhile is no failure. */
  resume() {
    this.#tryingSinceMs = Date.now()
  }

  get freshness() {
    return freshness(
      {
        status: this.#status,
        answeredMs: this.#answeredMs,
        tryingSinceMs: this.#clock.at(this.#tryingSinceMs),
        isRefused: this.#isRefused,
      },
      this.#clock.nowMs,
    )
  }

  /** @type {Status | undefined} */
  get status() {
    return this.#status
  }
}
