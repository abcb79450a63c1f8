/** @import { Candle, Page } from './api.js' */

/** Kept at most, about: a browser draws as many with ease. */
const MAX_CANDLES = 20_000

/** The candles of one view that are here, oldest first, without a gap: all there are within a stretch of time. */
export class LoadedCandles {
  /** @type {readonly Candle[]} */
  candles = []
  /** Where the next older page ends; null when the oldest candle of all is here. @type {string | null} */
  older = null
  /** Where the next newer page begins; null when the newest candle of all is here. @type {string | null} */
  newer = null

  get isAtNewest() {
    return this.newer === null
  }

  /**
   * Takes a page in place of everything.
   *
   * @param {Page} page
   * @param {string | null} newer where the page ends, unless that is at the newest candle
   */
  takeAll({ candles, older }, newer) {
    this.candles = this.#keepingSame(candles)
    this.older = older
    this.newer = newer
  }

  /**
   * Takes the newest page, which replaces what it overlaps. Where time has passed unseen and candles may be missing
   * between, those before it are dropped: they can be loaded again.
   *
   * @param {Page} page
   */
  takeNewest(page) {
    const first = page.candles[0]?.dateTime
    const last = this.candles.at(-1)?.dateTime
    const joins = first !== undefined && last !== undefined && page.older !== null && last >= first
    const before = joins ? this.candles.filter(({ dateTime }) => dateTime < first) : []
    const older = before.length === 0 ? page.older : this.older
    this.takeAll({ candles: [...before, ...page.candles], older }, null)
  }

  /**
   * Takes all candles from some moment on, in place of those that are here from then on.
   *
   * @param {string} from
   * @param {readonly Candle[]} candles
   */
  takeFrom(from, candles) {
    const before = this.candles.filter(({ dateTime }) => dateTime < from)
    this.takeAll({ candles: [...before, ...candles], older: this.older }, this.newer)
  }

  /**
   * Takes the page that was asked for with `older`. Where there are too many, the newest go.
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
   * Takes all candles from `newer` on, until some later moment. Where there are too many, the oldest go.
   *
   * @param {readonly Candle[]} candles
   * @param {string | null} newer that moment, unless the newest candle is among them
   */
  takeNewer(candles, newer) {
    this.candles = [...this.candles, ...candles]
    this.newer = newer
    if (this.candles.length <= MAX_CANDLES) return
    this.candles = this.candles.slice(-MAX_CANDLES)
    this.older = this.candles[0]?.dateTime ?? null
  }

  /**
   * The first candle that may still change by itself: the first open one of the last few, else the last one.
   *
   * @returns {Candle | undefined}
   */
  get firstOpen() {
    const last = this.candles.slice(-FEW)
    return last.find(({ closed }) => !closed) ?? last.at(-1)
  }

  /**
   * The first of the last few, which a commit may have changed though they were closed: by late ticks.
   *
   * @returns {Candle | undefined}
   */
  get firstOfFew() {
    return this.candles.at(-FEW) ?? this.candles[0]
  }

  /**
   * The same candles, as the objects that they were where nothing about them has changed: then only the others are drawn.
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

/** More are not open at once, and late ticks for older ones are history that is caught up with. */
const FEW = 10

/**
 * @param {Candle} a
 * @param {Candle} b
 */
function isSame(a, b) {
  return FIELDS.every(field => a[field] === b[field])
}

const FIELDS = /** @type {const} */ (['open', 'high', 'low', 'close', 'volume', 'closed', 'revision'])
