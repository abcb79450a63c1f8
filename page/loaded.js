/** @import { Candle, Page } from './api.js' */

/** The candles of one view that are here, oldest first, without a gap: from some moment on, all there are. */
export class LoadedCandles {
  /** @type {readonly Candle[]} */
  candles = []
  /** Where the next older page ends; null when the oldest candle of all is here. @type {string | null} */
  older = null

  /**
   * Takes the newest page, which replaces what it overlaps. Where time has passed unseen and candles may be missing
   * between, those before it are dropped: they can be loaded again.
   *
   * @param {Page} page
   */
  takeNewest({ candles, older }) {
    const first = candles[0]?.dateTime
    const last = this.candles.at(-1)?.dateTime
    const joins = first !== undefined && last !== undefined && older !== null && last >= first
    const before = joins ? this.candles.filter(({ dateTime }) => dateTime < first) : []
    this.candles = [...before, ...candles]
    if (before.length === 0) this.older = older
  }

  /**
   * Takes the page that was asked for with `older`.
   *
   * @param {Page} page
   */
  takeOlder({ candles, older }) {
    this.candles = [...candles, ...this.candles]
    this.older = older
  }
}
