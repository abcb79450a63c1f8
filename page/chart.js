import { ZonedAxis } from './axis.js'
import { readColours } from './colours.js'
import { Layers, studyLines } from './layers.js'
import { CrosshairMode, createChartEx, LineStyle } from './lightweight-charts.js'
import { USUAL } from './look.js'
import { MainSeries } from './mainSeries.js'
import { bucketText } from './moments.js'
import { PriceFormat } from './prices.js'
import { isLong } from './timeframes.js'
import { ROOM, SPACING, Viewport } from './viewport.js'
import { zoneOf } from './zone.js'

/** @import { Candle } from './api.js' */
/** @import { StudyLine } from './layers.js' */
/** @import { Logical, Time, UTCTimestamp } from './lightweight-charts.js' */
/** @import { Look } from './look.js' */
/** @import { Move, Shown } from './viewport.js' */
/** @import { Zone } from './zone.js' */

/**
 * @typedef {object} Beside
 * @property {PriceFormat} prices
 * @property {readonly (number | undefined)[] | undefined} compared another symbol's closes, one for each candle
 *
 * @typedef {Shown & Beside} Drawing everything that is drawn
 *
 * @typedef {object} Watcher callbacks of the chart
 * @property {(index: number | undefined) => void} onPoint the pointer is over this candle, or over none
 * @property {(move: Move) => void} onMove the view has moved
 */

const OPTIONS = {
  autoSize: true,
  layout: { attributionLogo: false, fontSize: 11 },
  crosshair: {
    mode: CrosshairMode.Normal,
    vertLine: { style: LineStyle.Dashed },
    horzLine: { style: LineStyle.Dashed },
  },
  rightPriceScale: { borderVisible: false },
  timeScale: {
    borderVisible: false,
    barSpacing: SPACING,
    minBarSpacing: 0.05,
    rightOffset: ROOM,
    secondsVisible: false,
    allowBoldLabels: false,
  },
}

/** The chart: candles, their layers, and one time axis. */
export class CandleChart {
  /** The lines of studies as they are drawn. @type {readonly StudyLine[]} */
  lines = []
  /** @readonly */
  view
  #chart
  #axis = new ZonedAxis()
  #colours = readColours()
  #main
  #layers
  #utc = zoneOf('UTC')
  #zone = this.#utc
  #look = USUAL
  /** @type {Drawing} */
  #shown = { candles: [], isAtNewest: true, timeframe: '', prices: new PriceFormat(2), compared: undefined }
  /** The candle that the keyboard points at. @type {number | undefined} */
  #cursor

  /**
   * @param {HTMLElement} element
   * @param {Watcher} watcher
   */
  constructor(element, watcher) {
    this.#chart = createChartEx(element, this.#axis, {
      ...OPTIONS,
      localization: {
        locale: 'en-GB',
        timeFormatter: (/** @type {Time} */ time) =>
          bucketText(/** @type {UTCTimestamp} */ (time) * 1000, this.#shown.timeframe, this.#zone),
      },
    })
    this.#chart.applyOptions({ layout: { fontFamily: getComputedStyle(element).fontFamily } })
    this.#main = new MainSeries(this.#chart, this.#colours)
    this.#layers = new Layers(this.#chart)
    this.view = new Viewport(this.#chart, () => this.#shown)
    this.restyle()
    this.#chart.subscribeCrosshairMove(({ logical, point, sourceEvent }) => {
      if (sourceEvent === undefined && this.#cursor !== undefined) return
      this.#cursor = undefined
      const isOnCandle = point !== undefined && this.#shown.candles[logical ?? -1] !== undefined
      watcher.onPoint(isOnCandle ? logical : undefined)
    })
    this.view.whenMoved(move => watcher.onMove(move))
  }

  /** @type {Zone} */
  get zone() {
    return this.#zone
  }

  /**
   * Shows these candles, and keeps the place of the view.
   *
   * @param {Drawing} drawing
   */
  show(drawing) {
    const before = this.#shown
    const place = this.view.place()
    this.#shown = drawing
    const isSameAxis = drawing.timeframe === before.timeframe
    const isSamePrices = isSameAxis && drawing.prices.equals(this.#main.prices)
    if (!isSameAxis) this.#setAxis()
    if (!isSamePrices) this.#main.setPrices(drawing.prices)
    this.#draw(isSamePrices ? firstChanged(before.candles, drawing.candles) : 0)
    if (before.candles.length > 0 && isSameAxis) this.view.stay(place)
    const pointed = before.candles[this.#cursor ?? -1]?.dateTime
    if (pointed !== undefined)
      this.#pointAt(drawing.candles.findIndex(({ dateTime }) => dateTime === pointed))
  }

  clear() {
    this.#cursor = undefined
    this.#shown = { ...this.#shown, candles: [], compared: undefined }
    this.lines = []
    this.#main.clear()
    this.#layers.clear()
  }

  /** @param {Look} look */
  setLook(look) {
    const isOtherZone = look.zone !== this.#look.zone
    const place = this.view.place()
    this.#look = look
    this.#main.setLook(look)
    if (isOtherZone) {
      this.#zone = zoneOf(look.zone)
      this.#setAxis()
      // The axis computes its marks only when points are added.
      this.#main.clear()
      this.#layers.clear()
    }
    this.#draw(0)
    if (this.#shown.candles.length > 0) this.view.stay(place)
  }

  /**
   * Keeps the top of the chart free of candles, for the text there.
   *
   * @param {number} heightPx
   */
  leaveRoom(heightPx) {
    const { height } = this.#chart.paneSize(0)
    this.#main.leaveAbove(Math.min(0.4, Math.max(0.08, (heightPx + 16) / Math.max(1, height))))
  }

  /** Reads the colours of the style sheet again. */
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
    this.#main.recolour(this.#colours)
    this.#draw(0)
  }

  /**
   * Shows the time until the newest candle closes.
   *
   * @param {string} text
   */
  showCountdown(text) {
    this.#main.showCountdown(text)
  }

  /** The candle that the keyboard points at. */
  get cursor() {
    return this.#cursor
  }

  /**
   * Moves the crosshair by `steps` candles, at first from the last one in view; the view follows.
   *
   * @param {number} steps
   * @returns {number | undefined} the index of the candle that it is on now
   */
  moveCursor(steps) {
    const last = this.#shown.candles.length - 1
    const { range } = this.view
    if (last < 0 || range === null) return undefined
    const start = this.#cursor ?? Math.min(last, Math.floor(range.to)) + 1
    const at = Math.max(0, Math.min(last, start + steps))
    this.view.reveal(at)
    return this.#pointAt(at)
  }

  /**
   * Centres the candle of that moment, or the next one after it, and points at it.
   *
   * @param {string} moment
   */
  centre(moment) {
    return this.#pointAt(this.view.centre(moment))
  }

  dropCursor() {
    this.#cursor = undefined
    this.#chart.clearCrosshairPosition()
  }

  /**
   * The candle and the price at a point of the chart, in pixels from its top left corner.
   *
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const index = this.#chart.timeScale().coordinateToLogical(x)
    const price = this.#main.priceAt(y)
    if (index === null || price === undefined) return undefined
    return { index: Math.max(0, Math.min(this.#shown.candles.length - 1, Math.round(index))), price }
  }

  /**
   * The point of a candle and a price on the chart, in pixels from its top left corner.
   *
   * @param {{ index: number, price: number }} point
   */
  placeOf({ index, price }) {
    const x = this.#chart.timeScale().logicalToCoordinate(/** @type {Logical} */ (index))
    const y = this.#main.placeOf(price)
    return x === null || y === undefined ? undefined : { x, y }
  }

  picture() {
    return this.#chart.takeScreenshot(true, false)
  }

  /** Sets the axis for the zone. Days, weeks and months are those of UTC in every zone. */
  #setAxis() {
    const { timeframe } = this.#shown
    this.#axis.zone = isLong(timeframe) ? this.#utc : this.#zone
    this.#chart.timeScale().applyOptions({ timeVisible: !isLong(timeframe) })
  }

  /** @param {number} from the first candle that has changed */
  #draw(from) {
    const { candles, prices, compared, isAtNewest } = this.#shown
    if (candles.length === 0) return
    this.#main.draw(candles, from, { isAtNewest, isCompared: compared !== undefined })
    const closes = candles.map(({ close }) => prices.toChart(close))
    this.lines = studyLines(this.#look.studies, closes)
    const { volume } = this.#look
    this.#layers.draw({ candles, lines: this.lines, compared, volume, colours: this.#colours }, from)
  }

  /** @param {number} at */
  #pointAt(at) {
    const candle = this.#shown.candles[at]
    this.#cursor = candle && at
    if (candle === undefined) return undefined
    this.#main.pointAt(candle)
    return at
  }
}

/**
 * The index of the first candle that differs: the drawing before it stays.
 *
 * @param {readonly Candle[]} before
 * @param {readonly Candle[]} after
 */
function firstChanged(before, after) {
  let at = 0
  while (at < before.length && at < after.length && before[at] === after[at]) at++
  return at
}
