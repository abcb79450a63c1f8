import { areColoursForced } from './colours.js'
import { Countdown } from './countdown.js'
import { FilledSeries } from './filledSeries.js'
import { secondsOf } from './layers.js'
import { BarSeries, CandlestickSeries, LineSeries, LineStyle, PriceScaleMode } from './lightweight-charts.js'
import { USUAL } from './look.js'
import { PriceFormat } from './prices.js'

/** @import { Candle } from './api.js' */
/** @import { Colours } from './colours.js' */
/** @import { IChartApiBase, ISeriesApi, Time } from './lightweight-charts.js' */
/** @import { Look } from './look.js' */

const MODES = {
  linear: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
}
const SERIES = { candles: CandlestickSeries, bars: BarSeries, line: LineSeries }

/** The series of candles, drawn as candles, bars or a line, with its price scale. */
export class MainSeries {
  /** @type {PriceFormat} */
  prices = new PriceFormat(2)
  #chart
  #colours
  /** @type {Pick<Look, 'style' | 'scale'>} */
  #look = USUAL
  #countdown = new Countdown()
  #filled
  /** @type {Candle | undefined} */
  #newest

  /**
   * @param {IChartApiBase<Time>} chart
   * @param {Colours} colours
   */
  constructor(chart, colours) {
    this.#chart = chart
    this.#colours = colours
    this.#filled = this.#add()
    this.#style()
  }

  get #series() {
    return this.#filled.series
  }

  /** @param {Colours} colours */
  recolour(colours) {
    this.#colours = colours
    this.#style()
  }

  /** @param {Pick<Look, 'style' | 'scale'>} look */
  setLook(look) {
    const isOther = look.style !== this.#look.style
    this.#look = look
    if (isOther) {
      const before = this.#series
      before.detachPrimitive(this.#countdown)
      // Adds the new one first: a pane without a series closes.
      this.#filled = this.#add()
      this.#chart.removeSeries(before)
    }
    this.#style()
  }

  /** @param {PriceFormat} prices */
  setPrices(prices) {
    this.prices = prices
    this.#series.applyOptions(this.#priceFormat())
  }

  /**
   * Draws what changed: from the candle at `from` on.
   *
   * @param {readonly Candle[]} candles
   * @param {number} from
   * @param {{ isAtNewest: boolean, isCompared: boolean }} beside
   */
  draw(candles, from, { isAtNewest, isCompared }) {
    // Two symbols can only be compared by their changes in percent.
    const mode = isCompared ? PriceScaleMode.Percentage : MODES[this.#look.scale]
    const scale = this.#series.priceScale()
    if (scale.options().mode !== mode) scale.applyOptions({ mode })
    this.#filled.fill(from, candles.length, at => this.#bar(/** @type {Candle} */ (candles[at])))
    this.#newest = isAtNewest ? candles.at(-1) : undefined
    const { ink, up, down } = this.#colours
    const last = candles.at(-1)
    const rose = last !== undefined && last.close >= last.open
    const priceLineColor = this.#look.style === 'line' ? ink : rose ? up : down
    this.#series.applyOptions({ priceLineColor, lastValueVisible: isAtNewest })
  }

  clear() {
    this.#newest = undefined
    this.#filled.clear()
    this.#countdown.show('', { price: 0, text: '', back: '' })
  }

  /**
   * Shows the time until the newest candle closes.
   *
   * @param {string} text
   */
  showCountdown(text) {
    if (this.#newest === undefined) return
    const { ink, line } = this.#colours
    this.#countdown.show(text, { price: this.prices.toChart(this.#newest.close), text: ink, back: line })
  }

  /**
   * Keeps a part of the pane above the candles free.
   *
   * @param {number} share of the pane's height
   */
  leaveAbove(share) {
    this.#series.priceScale().applyOptions({ scaleMargins: { top: share, bottom: 0.06 } })
  }

  /** @param {Candle} candle gets the crosshair on its close */
  pointAt(candle) {
    this.#chart.setCrosshairPosition(this.prices.toChart(candle.close), secondsOf(candle), this.#series)
  }

  /**
   * @param {number} y pixels from the top of the pane
   * @returns {number | undefined}
   */
  priceAt(y) {
    const value = this.#series.coordinateToPrice(y)
    return value === null ? undefined : this.prices.fromChart(value)
  }

  /**
   * @param {number} price
   * @returns {number | undefined} pixels from the top of the pane
   */
  placeOf(price) {
    return this.#series.priceToCoordinate(this.prices.toChart(price)) ?? undefined
  }

  #add() {
    const series = /** @type {ISeriesApi<'Candlestick' | 'Bar' | 'Line'>} */ (
      this.#chart.addSeries(SERIES[this.#look.style], { priceLineStyle: LineStyle.Dotted })
    )
    series.setSeriesOrder(0)
    series.attachPrimitive(this.#countdown)
    return new FilledSeries(series)
  }

  #style() {
    const { ink, up, down, 'up-body': upBody, 'down-body': downBody } = this.#colours
    const options = {
      candles: {
        ...{ upColor: upBody, downColor: downBody, borderUpColor: up, borderDownColor: down },
        ...{ wickUpColor: up, wickDownColor: down },
      },
      bars: { upColor: up, downColor: down, thinBars: false },
      line: { color: ink, lineWidth: 2, crosshairMarkerRadius: 3 },
    }
    this.#series.applyOptions({ ...options[this.#look.style], ...this.#priceFormat() })
  }

  #priceFormat() {
    const { prices } = this
    const formatter = (/** @type {number} */ value) => prices.chartText(value)
    return { priceFormat: { type: /** @type {const} */ ('custom'), minMove: prices.step, formatter } }
  }

  /** @param {Candle} candle */
  #bar(candle) {
    const { prices } = this
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
}
