import { ZonedAxis } from './axis.js'
import { areColoursForced, readColours } from './colours.js'
import { Countdown } from './countdown.js'
import { fillSeries, Layers, secondsOf, studyLines } from './layers.js'
import {
  BarSeries,
  CandlestickSeries,
  CrosshairMode,
  createChartEx,
  LineSeries,
  LineStyle,
  PriceScaleMode,
} from './lightweight-charts.js'
import { USUAL } from './look.js'
import { bucketText } from './moments.js'
import { PriceFormat } from './prices.js'
import { bucketEnd, isLong } from './timeframes.js'
import { zoneOf } from './zone.js'

/** @import { Candle } from './api.js' */
/** @import { StudyLine } from './layers.js' */
/** @import { ISeriesApi, Logical, Time, UTCTimestamp } from './lightweight-charts.js' */
/** @import { Look } from './look.js' */
/** @import { Zone } from './zone.js' */

/** Pixels from one candle to the next, as usual, and on a narrow screen. */
const SPACING = 9
const NARROW_SPACING = 6
const NARROW_PX = 500
/** Room to the right of the newest candle, in candles. */
const ROOM = 4
const MODES = {
  linear: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
}
const SERIES = { candles: CandlestickSeries, bars: BarSeries, line: LineSeries }

/**
 * @typedef {object} Drawing what there is to draw
 * @property {readonly Candle[]} candles oldest first
 * @property {boolean} isAtNewest the last one is the newest of all
 * @property {string} timeframe
 * @property {PriceFormat} prices
 * @property {readonly (number | undefined)[] | undefined} compared another symbol's closes, one for each candle
 *
 * @typedef {object} Watcher what the chart tells
 * @property {(index: number | undefined) => void} onPoint which candle is under the pointer, if any
 * @property {(move: Move) => void} onMove the view has moved
 *
 * @typedef {object} Move
 * @property {number} before how many candles lie to the left of the view
 * @property {number} after how many lie to the right of it
 * @property {Candle | undefined} last the last one in it, unless that is the newest of all
 * @property {number | undefined} bars how many candles wide it is, unless that is as usual
 *
 * @typedef {{ range: { from: number, to: number }, at: number, follows: boolean, dateTime: string }} Place the view, and
 *   the candle by which it is found again
 */

/** Candles, what is drawn beside them, and one time axis. */
export class CandleChart {
  /** The lines of studies as they are drawn. @type {readonly StudyLine[]} */
  lines = []
  #chart
  #axis = new ZonedAxis()
  /** @type {ISeriesApi<'Candlestick' | 'Bar' | 'Line'>} */
  #main
  #layers
  #countdown = new Countdown()
  #colours = readColours()
  #utc = zoneOf('UTC')
  #zone = this.#utc
  #look = USUAL
  /** @type {Drawing} */
  #shown = { candles: [], isAtNewest: true, timeframe: '', prices: new PriceFormat(2), compared: undefined }
  /** @type {{ from: number, to: number } | undefined} */
  #aimed
  /** The keyboard points at this one. @type {number | undefined} */
  #cursor

  /**
   * @param {HTMLElement} element
   * @param {Watcher} watcher
   */
  constructor(element, watcher) {
    this.#chart = createChartEx(element, this.#axis, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: getComputedStyle(element).fontFamily, fontSize: 11 },
      crosshair: {
        mode: CrosshairMode.Normal,
        vertLine: { style: LineStyle.Dashed },
        horzLine: { style: LineStyle.Dashed },
      },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.06 } },
      timeScale: {
        borderVisible: false,
        barSpacing: SPACING,
        minBarSpacing: 0.05,
        rightOffset: ROOM,
        secondsVisible: false,
        allowBoldLabels: false,
      },
      localization: {
        locale: 'en-GB',
        timeFormatter: (/** @type {Time} */ time) =>
          bucketText(/** @type {UTCTimestamp} */ (time) * 1000, this.#shown.timeframe, this.#zone),
      },
    })
    this.#main = this.#addMain()
    this.#layers = new Layers(this.#chart)
    this.restyle()
    this.#chart.subscribeCrosshairMove(({ logical, point, sourceEvent }) => {
      if (sourceEvent === undefined && this.#cursor !== undefined) return
      this.#cursor = undefined
      const isOnCandle =
        point !== undefined && logical !== undefined && this.#shown.candles[logical] !== undefined
      watcher.onPoint(isOnCandle ? logical : undefined)
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(range => {
      if (range !== null && this.#shown.candles.length > 0) watcher.onMove(this.#moveOf(range))
    })
  }

  /** @type {Zone} */
  get zone() {
    return this.#zone
  }

  /**
   * Shows these candles; where the view is does not change by it.
   *
   * @param {Drawing} drawing
   */
  show(drawing) {
    const before = this.#shown
    const place = this.#place()
    this.#shown = drawing
    const isSameAxis = drawing.timeframe === before.timeframe
    const isSamePrices = drawing.prices.equals(before.prices) && isSameAxis
    if (!isSameAxis) {
      this.#axis.zone = isLong(drawing.timeframe) ? this.#utc : this.#zone
      this.#chart.timeScale().applyOptions({ timeVisible: !isLong(drawing.timeframe) })
    }
    if (!isSamePrices) this.#main.applyOptions(this.#priceFormat())
    this.#draw(isSamePrices ? firstChanged(before.candles, drawing.candles) : 0)
    if (before.candles.length > 0 && isSameAxis) this.#stay(place)
    const pointed = before.candles[this.#cursor ?? -1]?.dateTime
    if (pointed !== undefined)
      this.#pointAt(drawing.candles.findIndex(({ dateTime }) => dateTime === pointed))
  }

  clear() {
    this.#cursor = undefined
    this.#shown = { ...this.#shown, candles: [], compared: undefined }
    this.lines = []
    this.#main.setData([])
    this.#layers.clear()
    this.#countdown.show('', { price: 0, text: '', back: '' })
  }

  /** @param {Look} look */
  setLook(look) {
    const before = this.#look
    this.#look = look
    if (look.style !== before.style) {
      this.#main.detachPrimitive(this.#countdown)
      this.#chart.removeSeries(this.#main)
      this.#main = this.#addMain()
    }
    if (look.zone !== before.zone) {
      this.#zone = zoneOf(look.zone)
      this.#axis.zone = isLong(this.#shown.timeframe) ? this.#utc : this.#zone
      // Weights of points are worked out when they come.
      this.#main.setData([])
      this.#layers.clear()
    }
    const place = this.#place()
    this.#styleMain()
    this.#draw(0)
    if (this.#shown.candles.length > 0) this.#stay(place)
  }

  /**
   * Keeps the candles below what is written over the top of the chart.
   *
   * @param {number} heightPx
   */
  leaveRoom(heightPx) {
    const { height } = this.#chart.paneSize(0)
    const top = Math.min(0.4, Math.max(0.08, (heightPx + 16) / Math.max(1, height)))
    this.#main.priceScale().applyOptions({ scaleMargins: { top, bottom: 0.06 } })
  }

  /** Takes its colours from the style sheet again. */
  restyle() {
    this.#colours = readColours()
    const { ink, muted, line, surface } = this.#colours
    this.#chart.applyOptions({
      layout: {
        background: { color: surface },
        textColor: muted,
        panes: { separatorColor: line, separatorHoverColor: line },
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      crosshair: {
        vertLine: { color: muted, labelBackgroundColor: ink },
        horzLine: { color: muted, labelBackgroundColor: ink },
      },
    })
    this.#styleMain()
    this.#draw(0)
  }

  /**
   * How long the newest candle goes on.
   *
   * @param {string} text
   */
  showCountdown(text) {
    const newest = this.#shown.candles.at(-1)
    if (newest === undefined || !this.#shown.isAtNewest) return
    const { surface, up, down } = this.#colours
    const back = newest.close >= newest.open ? up : down
    this.#countdown.show(text, { price: this.#shown.prices.toChart(newest.close), text: surface, back })
  }

  /**
   * The view ends at that moment, or at the newest candle.
   *
   * @param {string | undefined} until
   * @param {number | undefined} bars how many candles wide; undefined: as usual
   */
  goTo(until, bars) {
    const { candles } = this.#shown
    const after = until === undefined ? -1 : candles.findIndex(({ dateTime }) => dateTime > until)
    const last = after < 0 ? candles.length - 1 + ROOM : after - 1
    const aim = () => {
      const width = bars ?? this.#usualBars
      this.#aim(() => (after === 0 ? { from: -1, to: width - 2 } : { from: last - width + 1, to: last }))
    }
    aim()
    // Only when it is drawn is it known how much room the prices take beside it.
    requestAnimationFrame(() => requestAnimationFrame(aim))
  }

  /**
   * Puts the candle of that moment in the middle, or the next one after it, and points at it.
   *
   * @param {string} moment
   */
  centre(moment) {
    const { candles, timeframe } = this.#shown
    const momentMs = Date.parse(moment)
    const next = candles.findIndex(({ dateTime }) => bucketEnd(Date.parse(dateTime), timeframe) > momentMs)
    const at = next < 0 ? candles.length - 1 : next
    const range = this.#range()
    const half = range === null ? this.#usualBars / 2 : (range.to - range.from) / 2
    this.#aim(() => ({ from: at - half, to: at + half }))
    return this.#pointAt(at)
  }

  /**
   * Shows the candles from that long before the newest one on, all of them.
   *
   * @param {number} sinceMs
   */
  showSince(sinceMs) {
    const { candles } = this.#shown
    const first = candles.findIndex(({ dateTime }) => Date.parse(dateTime) >= sinceMs)
    this.goTo(undefined, candles.length - Math.max(0, first) + ROOM)
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
   * Moves the crosshair by so many candles, from the last one in view at first; the view goes along.
   *
   * @param {number} steps
   * @returns {number | undefined} the candle that it is on now
   */
  moveCursor(steps) {
    const { candles } = this.#shown
    const range = this.#range()
    if (candles.length === 0 || range === null) return undefined
    const start = this.#cursor ?? Math.min(candles.length, Math.floor(range.to) + 1)
    const at = Math.max(0, Math.min(candles.length - 1, start + steps))
    if (at < range.from + 1) this.#aim(({ from, to }) => ({ from: at - 1, to: to - from + at - 1 }))
    if (at > range.to - 1) this.#aim(({ from, to }) => ({ from: from - to + at + 1, to: at + 1 }))
    return this.#pointAt(at)
  }

  get cursor() {
    return this.#cursor
  }

  dropCursor() {
    this.#cursor = undefined
    this.#chart.clearCrosshairPosition()
  }

  /** The candles on the screen, as indices: first and last. */
  get visible() {
    const range = this.#range()
    const last = this.#shown.candles.length - 1
    if (range === null || last < 0) return undefined
    const within = (/** @type {number} */ at) => Math.max(0, Math.min(last, at))
    return { first: within(Math.ceil(range.from)), last: within(Math.floor(range.to)) }
  }

  /**
   * The candle and the price at a place of the chart, in pixels from its corner.
   *
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const index = this.#chart.timeScale().coordinateToLogical(x)
    const value = this.#main.coordinateToPrice(y)
    if (index === null || value === null) return undefined
    const within = Math.max(0, Math.min(this.#shown.candles.length - 1, Math.round(index)))
    return { index: within, price: this.#shown.prices.fromChart(value) }
  }

  /**
   * Where a candle and a price are on the chart, in pixels from its corner.
   *
   * @param {{ index: number, price: number }} point
   */
  placeOf({ index, price }) {
    const x = this.#chart.timeScale().logicalToCoordinate(/** @type {Logical} */ (index))
    const y = this.#main.priceToCoordinate(this.#shown.prices.toChart(price))
    return x === null || y === null ? undefined : { x, y }
  }

  /** The size of the pane that the candles are in, pixels. */
  get size() {
    return this.#chart.paneSize(0)
  }

  picture() {
    return this.#chart.takeScreenshot(true, false)
  }

  #addMain() {
    const series = /** @type {ISeriesApi<'Candlestick' | 'Bar' | 'Line'>} */ (
      this.#chart.addSeries(SERIES[this.#look.style], { priceLineStyle: LineStyle.Dotted })
    )
    series.setSeriesOrder(0)
    series.attachPrimitive(this.#countdown)
    return series
  }

  #styleMain() {
    const { ink, up, down, 'up-body': upBody, 'down-body': downBody } = this.#colours
    const options = {
      candles: {
        ...{ upColor: upBody, downColor: downBody, borderUpColor: up, borderDownColor: down },
        ...{ wickUpColor: up, wickDownColor: down },
      },
      bars: { upColor: up, downColor: down, thinBars: false },
      line: { color: ink, lineWidth: 2, crosshairMarkerRadius: 3 },
    }
    this.#main.applyOptions({ ...options[this.#look.style], ...this.#priceFormat() })
    const mode = this.#shown.compared === undefined ? MODES[this.#look.scale] : PriceScaleMode.Percentage
    this.#main.priceScale().applyOptions({ mode })
  }

  #priceFormat() {
    const { prices } = this.#shown
    const formatter = (/** @type {number} */ value) => prices.chartText(value)
    return { priceFormat: { type: /** @type {const} */ ('custom'), minMove: prices.step, formatter } }
  }

  /** @param {number} from the first candle that has changed */
  #draw(from) {
    const { candles, prices, compared } = this.#shown
    if (candles.length === 0) return
    const isCompared = compared !== undefined
    const mode = isCompared ? PriceScaleMode.Percentage : MODES[this.#look.scale]
    if (this.#main.priceScale().options().mode !== mode) this.#main.priceScale().applyOptions({ mode })
    fillSeries(this.#main, from, candles.length, at => this.#bar(/** @type {Candle} */ (candles[at])))
    const closes = candles.map(({ close }) => prices.toChart(close))
    this.lines = studyLines(this.#look.studies, closes)
    const { volume } = this.#look
    this.#layers.draw({ candles, lines: this.lines, compared, volume, colours: this.#colours }, from)
    const { ink, up, down } = this.#colours
    const newest = /** @type {Candle} */ (candles.at(-1))
    const priceLineColor = this.#look.style === 'line' ? ink : newest.close >= newest.open ? up : down
    this.#main.applyOptions({ priceLineColor, lastValueVisible: this.#shown.isAtNewest })
  }

  /** @param {Candle} candle */
  #bar(candle) {
    const { prices } = this.#shown
    const time = secondsOf(candle)
    const [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(price =>
      prices.toChart(price),
    )
    if (this.#look.style === 'line') return { time, value: close }
    // A candle that is still open is hollow.
    const body = candle.closed || this.#look.style === 'bars' ? {} : { color: this.#colours['open-body'] }
    const border = !candle.closed && areColoursForced() ? { borderColor: this.#colours.up } : {}
    return { time, open, high, low, close, ...body, ...border }
  }

  /** @param {number} at */
  #pointAt(at) {
    const candle = this.#shown.candles[at]
    this.#cursor = candle && at
    if (candle === undefined) return undefined
    this.#chart.setCrosshairPosition(this.#shown.prices.toChart(candle.close), secondsOf(candle), this.#main)
    return at
  }

  /**
   * @param {{ from: number, to: number }} range
   * @returns {Move}
   */
  #moveOf(range) {
    const { candles, isAtNewest } = this.#shown
    const isAtEnd = range.to >= candles.length - 1
    const last =
      isAtEnd && isAtNewest
        ? undefined
        : candles[Math.max(0, Math.min(candles.length - 1, Math.floor(range.to)))]
    const isUsual = Math.abs(this.#chart.timeScale().options().barSpacing - this.#spacing) < 0.01
    return {
      before: Math.floor(range.from),
      after: candles.length - 1 - Math.floor(range.to),
      last,
      bars: isUsual ? undefined : Math.round(range.to - range.from + 1),
    }
  }

  /** How many candles there is room for, as they are usually spaced. */
  get #usualBars() {
    return this.#chart.timeScale().width() / this.#spacing
  }

  get #spacing() {
    return this.#chart.timeScale().width() < NARROW_PX ? NARROW_SPACING : SPACING
  }

  #range() {
    return this.#aimed ?? this.#chart.timeScale().getVisibleLogicalRange()
  }

  /**
   * Where the view is, by a candle in it, or by the newest one.
   *
   * @returns {Place | undefined}
   */
  #place() {
    const range = this.#range()
    const { candles, isAtNewest } = this.#shown
    if (range === null || candles.length === 0) return undefined
    const follows = isAtNewest && range.to >= candles.length - 1
    const at = follows ? candles.length - 1 : Math.max(0, Math.min(candles.length - 1, Math.floor(range.to)))
    return { range, at, follows, dateTime: /** @type {Candle} */ (candles[at]).dateTime }
  }

  /**
   * Makes the view what it was, though candles may have come before or after.
   *
   * @param {Place | undefined} place
   */
  #stay(place) {
    if (place === undefined) return
    const { candles, isAtNewest } = this.#shown
    const { range, follows, dateTime } = place
    const after = candles.findIndex(candle => candle.dateTime > dateTime)
    const at = (follows && isAtNewest) || after < 0 ? candles.length - 1 : Math.max(0, after - 1)
    const shift = at - place.at
    const wanted = { from: range.from + shift, to: range.to + shift }
    const now = this.#chart.timeScale().getVisibleLogicalRange()
    if (now === null || Math.abs(now.to - wanted.to) > 0.01 || this.#aimed !== undefined)
      this.#aim(() => wanted)
  }

  /**
   * The view changes with the next frame; another wish before that goes on from this one.
   *
   * @param {(range: { from: number, to: number }) => { from: number, to: number }} wish
   */
  #aim(wish) {
    const range = this.#range()
    if (range === null) return
    this.#aimed = wish(range)
    this.#chart.timeScale().setVisibleLogicalRange(this.#aimed)
    requestAnimationFrame(() => {
      this.#aimed = undefined
    })
  }
}

/**
 * The first candle that is not the same in both: as far as that, what is drawn stays.
 *
 * @param {readonly Candle[]} before
 * @param {readonly Candle[]} after
 */
function firstChanged(before, after) {
  let at = 0
  while (at < before.length && at < after.length && before[at] === after[at]) at++
  return at
}
