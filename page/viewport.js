import { bucketEnd } from './timeframes.js'

/** @import { Candle } from './api.js' */
/** @import { IChartApiBase, Time } from './lightweight-charts.js' */

/** The default spacing of candles in pixels, and that on a narrow screen. */
export const SPACING = 9
const NARROW_SPACING = 6
const NARROW_PX = 500
/** Room to the right of the newest candle, in candles. */
export const ROOM = 4

/**
 * @typedef {{ from: number, to: number }} Range indices of the first and last candle in view; they may lie beyond the ends
 *
 * @typedef {object} Shown
 * @property {readonly Candle[]} candles oldest first
 * @property {boolean} isAtNewest true when the last one is the newest of all
 * @property {string} timeframe
 *
 * @typedef {object} Move
 * @property {number} before the count of candles to the left of the view
 * @property {number} after the count of candles to the right of it
 * @property {Candle | undefined} last the last candle in it, unless that is the newest of all
 * @property {number | undefined} bars its width in candles, unless that is the default
 *
 * @typedef {{ range: Range, at: number, follows: boolean, dateTime: string }} Place the view, and the candle by which it is
 *   found again
 */

/** The part of the candles that is in view. */
export class Viewport {
  #scale
  #shown
  /** The range that the next frame shows. @type {Range | undefined} */
  #aimed

  /**
   * @param {IChartApiBase<Time>} chart
   * @param {() => Shown} shown
   */
  constructor(chart, shown) {
    this.#scale = chart.timeScale()
    this.#shown = shown
  }

  /** @param {(move: Move) => void} onMove */
  whenMoved(onMove) {
    this.#scale.subscribeVisibleLogicalRangeChange(range => {
      if (range !== null && this.#shown().candles.length > 0) onMove(this.#moveOf(range))
    })
  }

  /** The candles on the screen, as indices: first and last. */
  get visible() {
    const { range } = this
    const last = this.#shown().candles.length - 1
    if (range === null || last < 0) return undefined
    return { first: within(Math.ceil(range.from), last), last: within(Math.floor(range.to), last) }
  }

  /** @returns {Range | null} */
  get range() {
    return this.#aimed ?? this.#scale.getVisibleLogicalRange()
  }

  /**
   * Moves the view, so that it ends at that moment, or at the newest candle.
   *
   * @param {string | undefined} until
   * @param {number | undefined} bars the width in candles; undefined for the default
   */
  goTo(until, bars) {
    const aim = () => {
      const { candles } = this.#shown()
      const after = until === undefined ? -1 : candles.findIndex(({ dateTime }) => dateTime > until)
      const last = after < 0 ? candles.length - 1 + ROOM : after - 1
      const width = bars ?? this.#usualBars
      this.#aim(() => (after === 0 ? { from: -1, to: width - 2 } : { from: last - width + 1, to: last }))
    }
    aim()
    // The width of the price axis is known only once it is drawn.
    requestAnimationFrame(() => requestAnimationFrame(aim))
  }

  /**
   * Shows all candles from that moment to the newest one.
   *
   * @param {number} sinceMs
   */
  goToAllSince(sinceMs) {
    const { candles } = this.#shown()
    const first = candles.findIndex(({ dateTime }) => Date.parse(dateTime) >= sinceMs)
    this.goTo(undefined, candles.length - Math.max(0, first) + ROOM)
  }

  /**
   * Centres the candle of that moment, or the next one after it.
   *
   * @param {string} moment
   * @returns {number} the index of that candle
   */
  centre(moment) {
    const { candles, timeframe } = this.#shown()
    const momentMs = Date.parse(moment)
    const next = candles.findIndex(({ dateTime }) => bucketEnd(Date.parse(dateTime), timeframe) > momentMs)
    const at = next < 0 ? candles.length - 1 : next
    const { range } = this
    const half = range === null ? this.#usualBars / 2 : (range.to - range.from) / 2
    this.#aim(() => ({ from: at - half, to: at + half }))
    return at
  }

  /** @param {number} share of the view's width; to the right when positive */
  pan(share) {
    this.#aim(({ from, to }) => ({ from: from + (to - from) * share, to: to + (to - from) * share }))
  }

  /** @param {number} factor above 1 shows more candles; the right edge stays */
  zoom(factor) {
    this.#aim(({ from, to }) => ({ from: to - (to - from) * factor, to }))
  }

  /**
   * Moves the view just as far as needed to show this candle.
   *
   * @param {number} at
   */
  reveal(at) {
    const { range } = this
    if (range === null) return
    if (at < range.from + 1) this.#aim(({ from, to }) => ({ from: at - 1, to: to - from + at - 1 }))
    if (at > range.to - 1) this.#aim(({ from, to }) => ({ from: from - to + at + 1, to: at + 1 }))
  }

  /**
   * The place of the view, relative to a candle in it or to the newest one.
   *
   * @returns {Place | undefined}
   */
  place() {
    const { range } = this
    const { candles, isAtNewest } = this.#shown()
    if (range === null || candles.length === 0) return undefined
    const follows = isAtNewest && range.to >= candles.length - 1
    const at = follows ? candles.length - 1 : within(Math.floor(range.to), candles.length - 1)
    return { range, at, follows, dateTime: /** @type {Candle} */ (candles[at]).dateTime }
  }

  /**
   * Restores the place of the view, after candles were added before or after it.
   *
   * @param {Place | undefined} place
   */
  stay(place) {
    if (place === undefined) return
    const { candles, isAtNewest } = this.#shown()
    const { range, follows, dateTime } = place
    const after = candles.findIndex(candle => candle.dateTime > dateTime)
    const at = (follows && isAtNewest) || after < 0 ? candles.length - 1 : Math.max(0, after - 1)
    const shift = at - place.at
    const wanted = { from: range.from + shift, to: range.to + shift }
    const now = this.#scale.getVisibleLogicalRange()
    if (now === null || Math.abs(now.to - wanted.to) > 0.01 || this.#aimed !== undefined)
      this.#aim(() => wanted)
  }

  /**
   * @param {Range} range
   * @returns {Move}
   */
  #moveOf(range) {
    const { candles, isAtNewest } = this.#shown()
    const isAtEnd = range.to >= candles.length - 1
    const last = isAtEnd && isAtNewest ? undefined : candles[within(Math.floor(range.to), candles.length - 1)]
    const isUsual = Math.abs(this.#scale.options().barSpacing - this.#spacing) < 0.01
    return {
      before: Math.floor(range.from),
      after: candles.length - 1 - Math.floor(range.to),
      last,
      bars: isUsual ? undefined : Math.round(range.to - range.from + 1),
    }
  }

  /** The count of candles that fit at the default spacing. */
  get #usualBars() {
    return this.#scale.width() / this.#spacing
  }

  get #spacing() {
    return this.#scale.width() < NARROW_PX ? NARROW_SPACING : SPACING
  }

  /**
   * Changes the view with the next frame. A further change before that frame starts from the result of this one.
   *
   * @param {(range: Range) => Range} wish
   */
  #aim(wish) {
    const { range } = this
    if (range === null) return
    this.#aimed = wish(range)
    this.#scale.setVisibleLogicalRange(this.#aimed)
    requestAnimationFrame(() => {
      this.#aimed = undefined
    })
  }
}

/**
 * @param {number} at
 * @param {number} last
 */
function within(at, last) {
  return Math.max(0, Math.min(last, at))
}
