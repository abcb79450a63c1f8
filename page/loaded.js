/** @import { Candle, Page } from './api.js' */

/** The most candles that are kept: a browser still draws them with ease. */
const MAX_CANDLES = 20_000

/** The loaded candles of one view: all that exist within one stretch of time, oldest first. */
export class LoadedCandles {
  /** @type {readonly Candle[]} */
  candles = []
  /** The end of the next older page; null when the oldest candle of all is loaded. @type {string | null} */
  older = null
  /** The beginning of the next newer page; null when the newest candle of all is loaded. @type {string | null} */
  newer = null

  get isAtNewest() {
    return this.newer === null
  }

  /**
   * Replaces all candles by a page.
   *
   * @param {Page} page
   * @param {string | null} newer the end of the page; null when the newest candle of all is in it
   */
  takeAll({ candles, older }, newer) {
    this.candles = this.#keepingSame(candles)
    this.older = older
    this.newer = newer
  }

  /**
   * Takes the newest page, which replaces the candles that it overlaps. Where candles may be missing before the page, the older
   * ones are dropped; they can be loaded again.
   *
   * @param {Page} page
   */
  takeNewest(page) {
    const first = page.candles[0]?.dateTime
    const last = this.candles.at(-1)?.dateTime
    const joins = first !== undefined && last !== undefined && page.older !== null && last >= first
    if (!joins) return this.takeAll(page, null)
    this.newer = null
    this.takeAgain(page)
  }

  /**
   * Takes the page that ends where these candles end, which replaces what it overlaps. It may begin before them, where some
   * of them are gone.
   *
   * @param {Page} page
   */
  takeAgain(page) {
    // Before the first candle of all there are none any more.
    const first = page.older === null ? '' : (page.candles[0]?.dateTime ?? '')
    const before = this.candles.filter(({ dateTime }) => dateTime < first)
    const older = before.length === 0 ? page.older : this.older
    this.takeAll({ candles: [...before, ...page.candles], older }, this.newer)
  }

  /**
   * Replaces the candles from some moment on.
   *
   * @param {string} from
   * @param {readonly Candle[]} candles
   */
  takeFrom(from, candles) {
    const before = this.candles.filter(({ dateTime }) => dateTime < from)
    this.takeAll({ candles: [...before, ...candles], older: this.older }, this.newer)
  }

  /**
   * Adds the page that ends at `older`. Where there are too many candles, the newest are dropped.
   *
   * @param {Page} page
   */
  takeOlder({ candles, older }) {
    const all = [...candles, ...this.candles]
    this.candles = all.slice(0, MAX_CANDLES)
    this.newer = all[MAX_CANDLES]?.dateTime ?? this.newer
    this.older = older
  }

  /**
   * Adds all candles from `newer` to some later moment. Where there are too many candles, the oldest are dropped.
   *
   * @param {readonly Candle[]} candles
   * @param {string | null} newer that moment; null when the newest candle of all is among them
   */
  takeNewer(candles, newer) {
    this.candles = [...this.candles, ...candles]
    this.newer = newer
    if (this.candles.length <= MAX_CANDLES) return
    this.candles = this.candles.slice(-MAX_CANDLES)
    this.older = this.candles[0]?.dateTime ?? null
  }

  /**
   * From this candle on anything may still change by itself: it is the one before the first open one of the last few, as
   * another may come between; undefined where none is before. Without an open one it is the last one.
   *
   * @returns {Candle | undefined}
   */
  get lastSettled() {
    const last = this.candles.slice(-FEW)
    const open = last.findIndex(({ closed }) => !closed)
    return open < 0 ? last.at(-1) : this.candles[this.candles.length - last.length + open - 1]
  }

  /**
   * The first of the last few candles. Late ticks may change these in the next commit, though they are closed.
   *
   * @returns {Candle | undefined}
   */
  get firstOfFew() {
    return this.candles.at(-FEW) ?? this.candles[0]
  }

  /**
   * The candles, with the known object in place of each that has not changed: only the others are drawn again.
   *
   * @param {readonly Candle[]} candles
   */
  #keepingSame(candles) {
    const known = new Map(this.candles.map(candle => [candle.dateTime, candle]))
    const kept = candles.map(candle => {
      const before = known.get(candle.dateTime)
      return before && isSame(before, candle) ? before : candle
    })
    const isAllTheSame =
      kept.length === this.candles.length && kept.every((candle, at) => candle === this.candles[at])
    return isAllTheSame ? this.candles : kept
  }
}

/** The candles that may be open, or may change by late ticks; changes of older ones are told by `staleHours`. */
const FEW = 10

/**
 * @param {Candle} a
 * @param {Candle} b
 */
function isSame(a, b) {
  return FIELDS.every(field => a[field] === b[field])
}

const FIELDS = /** @type {const} */ (['open', 'high', 'low', 'close', 'volume', 'closed', 'revision'])
