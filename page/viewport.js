import { bucketEnd } from './timeframes.js'

/** @import { Candle } from './api.js' */
/** @import { IChartApiBase, Time } from './lightweight-charts.js' */

/** Pixels from one candle to the next, as usual, and on a narrow screen. */
export const SPACING = 9
const NARROW_SPACING = 6
const NARROW_PX = 500
/** Room to the right of the newest candle, in candles. */
export const ROOM = 4

/**
 * @typedef {{ from: number, to: number }} Range first and last candle in view, as indices; beyond the ends there is room
 *
 * @typedef {object} Shown
 * @property {readonly Candle[]} candles oldest first
 * @property {boolean} isAtNewest the last one is the newest of all
 * @property {string} timeframe
 *
 * @typedef {object} Move
 * @property {number} before how many candles lie to the left of the view
 * @property {number} after how many lie to the right of it
 * @property {Candle | undefined} last the last one in it, unless that is the newest of all
 * @property {number | undefined} bars how many candles wide it is, unless that is as usual
 *
 * @typedef {{ range: Range, at: number, follows: boolean, dateTime: string }} Place the view, and the candle by which it is
 *   found again
 */

/** Which of the candles are in view. */
export class Viewport {
  #scale
  #shown
  /** What the next frame shows. @type {Range | undefined} */
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
   * The view ends at that moment, or at the newest candle.
   *
   * @param {string | undefined} until
   * @param {number | undefined} bars how many candles wide; undefined: as usual
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
    // Only when it is drawn is it known how much room the prices take beside it.
    requestAnimationFrame(() => requestAnimationFrame(aim))
  }

  /**
   * Shows the candles from that moment to the newest one, all of them.
   *
   * @param {number} sinceMs
   */
  goToAllSince(sinceMs) {
    const { candles } = this.#shown()
    const first = candles.findIndex(({ dateTime }) => Date.parse(dateTime) >= sinceMs)
    this.goTo(undefined, candles.length - Math.max(0, first) + ROOM)
  }

  /**
   * Puts the candle of that moment in the middle, or the next one after it.
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

  /** @param {number} factor above 1: farther away; the right edge stays */
  zoom(factor) {
    this.#aim(({ from, to }) => ({ from: to - (to - from) * factor, to }))
  }

  /**
   * Moves no farther than it takes to see this candle.
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
   * Where the view is, by a candle in it, or by the newest one.
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
   * Makes the view what it was, though candles may have come before or after.
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

  /** How many candles there is room for, as they are usually spaced. */
  get #usualBars() {
    return this.#scale.width() / this.#spacing
  }

  get #spacing() {
    return this.#scale.width() < NARROW_PX ? NARROW_SPACING : SPACING
  }

  /**
   * The view changes with the next frame; another wish before that goes on from this one.
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
