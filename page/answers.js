import { Refused } from './api.js'
import { freshness } from './freshness.js'

/** @import { Page, Status } from './api.js' */
/** @import { ServerClock } from './serverClock.js' */

/** The newest answer about the candles on the screen, its time, and the failures since. */
export class Answers {
  #clock
  /** @type {Status | undefined} */
  #status
  /** @type {number | undefined} */
  #answeredMs
  /** By the local clock, as the server's is unknown at first. */
  #tryingSinceMs = Date.now()
  #isRefused = false

  /** @param {ServerClock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /**
   * Takes an answer. Without a page, the answer before still holds.
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
   * Takes a failure. An unknown symbol is an answer too: the server knows that there are no candles.
   *
   * @param {unknown} error
   */
  takeFailure(error) {
    this.#isRefused = error instanceof Refused
    if (!(error instanceof Refused) || error.isForNow) return
    this.#answeredMs = this.#clock.nowMs
    this.#status = undefined
  }

  /** Begins again after a pause, so that the time of the pause does not count as failure. */
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
