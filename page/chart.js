import { bucketText, countText, isLong, priceFormat } from './format.js'
import {
  CandlestickSeries,
  CrosshairMode,
  createChart,
  HistogramSeries,
  LineStyle,
} from './lightweight-charts.js'

/** @import { Candle } from './api.js' */
/** @import { UTCTimestamp } from './lightweight-charts.js' */

/** Pixels from one candle to the next, at first. */
const SPACING = 9
/** Room to the right of the newest candle, in candles. */
const ROOM = 4
const VOLUME_SHARE = 0.18

/**
 * @typedef {object} Watcher what the chart tells
 * @property {(candle: Candle | undefined) => void} onPoint the candle under the pointer, or none
 * @property {(move: { before: number, last: Candle | undefined }) => void} onMove how many candles lie to the left of
 *   the view, and the last one in it, unless that is the newest of all
 */

/** Candles above, their volume below, one time axis, UTC. */
export class CandleChart {
  #chart
  #candles
  #volume
  /** @type {readonly Candle[]} */
  #shown = []
  #timeframe = ''
  /** @type {{ from: number, to: number } | undefined} */
  #aimed

  /**
   * @param {HTMLElement} element
   * @param {Watcher} watcher
   */
  constructor(element, watcher) {
    this.#chart = createChart(element, {
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
        minBarSpacing: 0.4,
        rightOffset: ROOM,
        secondsVisible: false,
        allowBoldLabels: false,
      },
      localization: {
        locale: 'en-GB',
        timeFormatter: (/** @type {UTCTimestamp} */ time) => bucketText(time * 1000, this.#timeframe),
      },
    })
    this.#candles = this.#chart.addSeries(CandlestickSeries, { priceLineStyle: LineStyle.Dotted })
    this.#volume = this.#chart.addSeries(
      HistogramSeries,
      {
        priceFormat: { type: 'custom', minMove: 1, formatter: countText },
        priceLineVisible: false,
        lastValueVisible: false,
      },
      1,
    )
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0 } })
    const [upper, lower] = this.#chart.panes()
    upper?.setStretchFactor(1 - VOLUME_SHARE)
    lower?.setStretchFactor(VOLUME_SHARE)
    this.restyle()
    this.#chart.subscribeCrosshairMove(({ logical, point }) =>
      watcher.onPoint(point && logical !== undefined ? this.#shown[logical] : undefined),
    )
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(range => {
      if (range === null || this.#shown.length === 0) return
      const isAtNewest = range.to >= this.#shown.length - 1
      const last = isAtNewest ? undefined : this.#shown[Math.max(0, Math.floor(range.to))]
      watcher.onMove({ before: Math.floor(range.from), last })
    })
  }

  /**
   * Shows these candles; where the view is does not change by it.
   *
   * @param {readonly Candle[]} candles
   * @param {string} timeframe
   * @param {number} decimals of prices
   */
  show(candles, timeframe, decimals) {
    this.#shown = candles
    this.#timeframe = timeframe
    this.#candles.applyOptions({
      priceFormat: { type: 'custom', minMove: 10 ** -decimals, formatter: priceFormat(decimals) },
    })
    this.#chart.timeScale().applyOptions({ timeVisible: !isLong(timeframe) })
    this.#draw()
  }

  clear() {
    this.#shown = []
    this.#draw()
  }

  /** Takes its colours from the style sheet again. */
  restyle() {
    const { ink, muted, line, surface, up, down } = colours()
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
    this.#candles.applyOptions({
      upColor: up,
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    })
    this.#draw()
  }

  /** @param {string | undefined} until the view ends there, or at the newest candle */
  goTo(until) {
    const scale = this.#chart.timeScale()
    const after = until === undefined ? -1 : this.#shown.findIndex(({ dateTime }) => dateTime > until)
    scale.scrollToPosition(after <= 0 ? ROOM : after - this.#shown.length, false)
  }

  toNewest() {
    // Without the glide, which stops short of its end on a busy machine.
    this.goTo(undefined)
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
   * The view changes with the next frame; another wish before that goes on from this one.
   *
   * @param {(range: { from: number, to: number }) => { from: number, to: number }} wish
   */
  #aim(wish) {
    const range = this.#aimed ?? this.#chart.timeScale().getVisibleLogicalRange()
    if (range === null) return
    this.#aimed = wish(range)
    this.#chart.timeScale().setVisibleLogicalRange(this.#aimed)
    requestAnimationFrame(() => {
      this.#aimed = undefined
    })
  }

  #draw() {
    const { surface, up, down, upFaint, downFaint } = colours()
    const bars = this.#shown.map(({ dateTime, open, high, low, close, closed }) => {
      const time = secondsOf(dateTime)
      return { time, open, high, low, close, ...(closed ? {} : { color: surface }) }
    })
    this.#candles.setData(bars)
    this.#volume.setData(
      this.#shown.map(({ dateTime, open, close, volume }) => {
        return { time: secondsOf(dateTime), value: volume, color: close >= open ? upFaint : downFaint }
      }),
    )
    const newest = this.#shown.at(-1)
    if (newest) this.#candles.applyOptions({ priceLineColor: newest.close >= newest.open ? up : down })
  }
}

/** @param {string} dateTime */
function secondsOf(dateTime) {
  return /** @type {UTCTimestamp} */ (Date.parse(dateTime) / 1000)
}

/** The style sheet's colours as they are in the theme of the moment. */
function colours() {
  const probe = document.createElement('i')
  document.body.append(probe)
  /** @param {string} name */
  const colour = name => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const found = {
    ink: colour('ink'),
    muted: colour('muted'),
    line: colour('line'),
    surface: colour('surface'),
    up: colour('up'),
    down: colour('down'),
    upFaint: colour('up-faint'),
    downFaint: colour('down-faint'),
  }
  probe.remove()
  return found
}
