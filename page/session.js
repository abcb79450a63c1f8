import { Refused, readCandles, readNewest } from './api.js'
import { keepUp } from './keepUp.js'
import { LoadedCandles } from './loaded.js'

/** @import { Candle, View } from './api.js' */

const LOOK_EVERY_MS = 2_000
/** A page when panning, and one when going back to a moment that the address names. */
const PAGE = 1_000
const LARGE_PAGE = 5_000
/** How far back an address may reach. */
const MOST_CANDLES_BACK = 30_000

/**
 * @typedef {object} Listener what a session tells
 * @property {(candles: readonly Candle[]) => void} onCandles these are all that are here now, never none
 * @property {(error: unknown) => void} onTrouble the newest look failed
 * @property {() => void} onNothing the symbol has no candles of this timeframe
 */

/** One symbol and timeframe on the screen: loads its candles, keeps up with the newest, and goes back in time. */
export class Session {
  #view
  #listener
  #loaded = new LoadedCandles()
  /** @type {string | null} */
  #tag = null
  #ended = new AbortController()
  #isGoingBack = false
  /** Nothing is told before the moment to go back to is here. */
  #isArriving
  #stopLooking

  /**
   * @param {View} view
   * @param {string | undefined} until a moment to go back to at first
   * @param {Listener} listener
   */
  constructor(view, until, listener) {
    this.#view = view
    this.#listener = listener
    this.#isArriving = until !== undefined
    this.#stopLooking = keepUp(LOOK_EVERY_MS, async signal => {
      const wentWell = await this.#look(signal)
      if (wentWell && until !== undefined && this.#isArriving) await this.#goBackTo(until)
      return wentWell
    })
  }

  end() {
    this.#stopLooking()
    this.#ended.abort()
  }

  /** Loads the page before the oldest candle that is here, unless that is under way, or there is none. */
  async loadOlder(limit = PAGE) {
    const to = this.#loaded.older
    if (this.#isGoingBack || to === null) return
    this.#isGoingBack = true
    try {
      const page = await readCandles(this.#view, { to, limit }, this.#ended.signal)
      // The newest page may have come meanwhile, and have dropped what this one would join.
      if (this.#loaded.older === to) this.#loaded.takeOlder(page)
    } catch (error) {
      this.#complain(error)
      return
    } finally {
      this.#isGoingBack = false
    }
    // Also when the page was empty, over a long gap: then the next one is asked for.
    this.#tell()
  }

  /** @param {AbortSignal} signal */
  async #look(signal) {
    try {
      const news = await readNewest(this.#view, this.#tag, signal)
      if (signal.aborted) return true
      if (news !== undefined) {
        this.#tag = news.tag
        this.#loaded.takeNewest(news.page)
      }
      this.#tell()
      return true
    } catch (error) {
      this.#complain(error)
      return isAnswer(error)
    }
  }

  /** @param {string} until */
  async #goBackTo(until) {
    for (;;) {
      const { candles, older } = this.#loaded
      const oldest = candles[0]?.dateTime
      const isHere = oldest !== undefined && oldest <= until
      if (isHere || older === null || candles.length >= MOST_CANDLES_BACK) break
      await this.loadOlder(LARGE_PAGE)
      if (this.#loaded.older === older) break
    }
    this.#isArriving = false
    this.#tell()
  }

  #tell() {
    if (this.#isArriving || this.#ended.signal.aborted) return
    if (this.#loaded.candles.length > 0) this.#listener.onCandles(this.#loaded.candles)
    else if (this.#loaded.older === null) this.#listener.onNothing()
    else void this.loadOlder()
  }

  /** @param {unknown} error */
  #complain(error) {
    if (!this.#ended.signal.aborted) this.#listener.onTrouble(error)
  }
}

/**
 * True for a refusal that is not a failure: the server is well, and asking less often would not help.
 *
 * @param {unknown} error
 */
function isAnswer(error) {
  return error instanceof Refused && error.status < 500
}
