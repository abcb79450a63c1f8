import { CandleChart } from './chart.js'
import { readColours } from './colours.js'
import { find } from './dom.js'
import { titled } from './download.js'
import { showPrice, showView } from './header.js'
import { candleParts, spoken, writeLegend } from './legend.js'
import { Measure, measureText } from './measure.js'
import { countdownText } from './moments.js'
import { changeText, PriceFormat } from './prices.js'
import { csvOf, rowsOf, studyColumn } from './rows.js'
import { showTable } from './table.js'
import { bucketEnd } from './timeframes.js'

/** @import { Candle, View } from './api.js' */
/** @import { Compared } from './compared.js' */
/** @import { LoadedCandles } from './loaded.js' */
/** @import { Look } from './look.js' */
/** @import { Move } from './viewport.js' */

/** Shows the candles of one view: the chart, its legend, and the newest price. */
export class Screen {
  /** The end of the view; undefined at the newest candle. @type {string | undefined} */
  until
  /** The width of the view in candles; undefined for the default. @type {number | undefined} */
  bars
  /** The count of candles out of sight to the left; `after`: to the right. */
  before = 0
  after = 0
  chart
  measure
  #element = find('#chart', HTMLElement)
  #legend = find('#legend-candle', HTMLElement)
  #beside = find('#legend-beside', HTMLElement)
  #said = find('#said', HTMLElement)
  #newestButton = find('#newest', HTMLButtonElement)
  #countdown = find('#countdown', HTMLElement)
  /** @type {View} */
  #view = { source: '', symbol: '', timeframe: '' }
  #isAtNewest = true
  /** The drawn candles. @type {readonly Candle[]} */
  #candles = []
  /** @type {Candle | undefined} */
  #newest
  #prices = new PriceFormat(2)
  /** @type {Compared | undefined} */
  #compared
  /** The candle under the pointer. @type {number | undefined} */
  #pointed

  /** @param {() => void} onMove the view has moved, and the fields above are up to date */
  constructor(onMove) {
    this.chart = new CandleChart(this.#element, {
      onPoint: index => {
        this.#pointed = index
        this.#describe()
      },
      onMove: move => {
        this.#take(move)
        this.measure.redraw()
        onMove()
      },
    })
    const legend = find('#legend', HTMLElement)
    new ResizeObserver(() => this.chart.leaveRoom(legend.offsetHeight)).observe(legend)
    this.measure = new Measure(this.chart, (start, end) =>
      measureText(start, end, this.#candles, this.#prices),
    )
  }

  /** The newest candle of all. */
  get newest() {
    return this.#newest
  }

  get isEmpty() {
    return this.#candles.length === 0
  }

  /**
   * Shows the name of another view, before its candles are loaded.
   *
   * @param {View} view
   */
  begin(view) {
    this.#view = view
    this.#candles = []
    this.#newest = undefined
    this.#pointed = undefined
    this.#compared = undefined
    this.before = 0
    this.after = 0
    this.#newestButton.hidden = true
    this.measure.end()
    this.chart.clear()
    this.#element.ariaLabel = `${view.timeframe} candles of ${view.symbol}`
    this.#element.dataset.candles = '0'
    showView(view)
    this.#describe()
  }

  /**
   * Shows these candles, at least one, and keeps the place of the view.
   *
   * @param {LoadedCandles} loaded
   * @param {Candle | undefined} newest the newest of all
   */
  show(loaded, newest) {
    const { isEmpty, until, bars } = this
    const { candles, isAtNewest } = loaded
    this.#newest = newest ?? candles.at(-1)
    if (this.#newest) showPrice(this.#view, this.#newest, this.#prices)
    if (candles === this.#candles && isAtNewest === this.#isAtNewest) return
    if (candles[0] !== this.#candles[0]) this.measure.end()
    const pointed = this.#candles[this.#pointed ?? -1]
    const at = pointed ? candles.findIndex(({ dateTime }) => dateTime === pointed.dateTime) : -1
    this.#pointed = at < 0 ? undefined : at
    this.#isAtNewest = isAtNewest
    this.#candles = candles
    const prices = PriceFormat.of(candles)
    if (!prices.equals(this.#prices)) this.#prices = prices
    this.#draw()
    if (isEmpty) this.chart.view.goTo(until, bars)
    if (this.#newest) showPrice(this.#view, this.#newest, this.#prices)
    this.#element.dataset.candles = String(candles.length)
    this.#describe()
  }

  /** @param {Look} look */
  setLook(look) {
    this.chart.setLook(look)
    this.#describe()
  }

  /**
   * Draws another symbol beside this one, or none.
   *
   * @param {Compared | undefined} compared
   */
  compare(compared) {
    if (compared === undefined && this.#compared === undefined) return
    this.#compared = compared
    if (this.isEmpty) return
    this.#draw()
    this.#describe()
  }

  /**
   * Updates the countdown of the newest candle.
   *
   * @param {number} nowMs by the server's clock
   */
  tick(nowMs) {
    const { timeframe } = this.#view
    const newest = this.#newest
    const leftMs = newest ? bucketEnd(Date.parse(newest.dateTime), timeframe) - nowMs : -1
    const text = leftMs > 0 && !newest?.closed ? countdownText(leftMs) : ''
    this.#countdown.textContent = text && `${timeframe} closes in ${text}`
    this.chart.showCountdown(text)
  }

  /**
   * Moves the keyboard's crosshair, and announces its candle.
   *
   * @param {number} steps
   */
  moveCursor(steps) {
    this.#pointedByKeyboard(this.chart.moveCursor(steps))
  }

  /**
   * Centres the candle of that moment.
   *
   * @param {string} moment
   */
  centre(moment) {
    this.#pointedByKeyboard(this.chart.centre(moment))
  }

  /** Cancels a crosshair or a measure that the keyboard or a drag has begun. */
  cancel() {
    this.measure.end()
    this.chart.dropCursor()
    this.#pointed = undefined
    this.#describe()
  }

  toggleMeasure() {
    if (this.measure.isOn) return this.measure.end()
    const index = this.chart.cursor
    const price = index === undefined ? undefined : this.#candles[index]?.close
    this.measure.begin(index === undefined || price === undefined ? undefined : { index, price })
  }

  /** Shows the visible candles as a table. */
  showTable() {
    const rows = this.#rows()
    if (rows === undefined) return
    const { symbol, source, timeframe } = this.#view
    showTable(
      `${timeframe} candles of ${symbol} from ${source}`,
      rows,
      timeframe,
      this.#prices,
      this.chart.zone,
    )
  }

  /** The visible candles as a CSV text. */
  csv() {
    const rows = this.#rows()
    return rows && csvOf(rows)
  }

  /** The chart as a picture. */
  async picture() {
    const candle = this.#candles[this.chart.view.visible?.last ?? -1]
    if (candle === undefined) return undefined
    const { symbol, source, timeframe } = this.#view
    const parts = candleParts(candle, timeframe, this.#prices, this.chart.zone)
    const details = parts.map(({ short, value }) => (short ? `${short} ${value}` : value)).join('  ')
    const text = {
      title: `${symbol} · ${timeframe}`,
      details: `${source}   ${details}   ${this.chart.zone.label}`,
    }
    return titled(this.chart.picture(), text, readColours(), getComputedStyle(document.body).fontFamily)
  }

  #draw() {
    const candles = this.#candles
    this.#compared?.align(candles)
    this.chart.show({
      ...{ candles, isAtNewest: this.#isAtNewest, timeframe: this.#view.timeframe, prices: this.#prices },
      compared: this.#compared?.values,
    })
  }

  #rows() {
    const { lines } = this.chart
    const { visible } = this.chart.view
    if (visible === undefined) return undefined
    const shown = { candles: this.#candles, lines, prices: this.#prices, compared: this.#compared }
    return rowsOf(shown, visible)
  }

  /** @param {Move} move */
  #take({ before, after, last, bars }) {
    this.before = before
    this.after = after
    this.until = last?.dateTime
    this.bars = bars
    this.#newestButton.hidden = last === undefined
  }

  /** @param {number | undefined} index */
  #pointedByKeyboard(index) {
    const candle = this.#candles[index ?? -1]
    if (index === undefined || candle === undefined) return
    this.#pointed = index
    this.#describe()
    if (this.measure.isOn) this.measure.reach({ index, price: candle.close })
    else this.#said.textContent = spoken(this.#partsOf(candle))
  }

  #describe() {
    const at = this.#pointed ?? this.#candles.length - 1
    const candle = this.#candles[at] ?? this.#candles.at(-1)
    writeLegend(this.#legend, candle ? this.#partsOf(candle) : [])
    writeLegend(this.#beside, candle ? this.#partsBeside(at) : [])
  }

  /** @param {Candle} candle */
  #partsOf(candle) {
    return candleParts(candle, this.#view.timeframe, this.#prices, this.chart.zone)
  }

  /** @param {number} at */
  #partsBeside(at) {
    const studies = [...Map.groupBy(this.chart.lines, ({ study }) => study)].map(([name, lines]) => {
      const values = lines.map(line => {
        const { text, values } = studyColumn(line, this.#prices)
        return values[at] === undefined ? '–' : text(values[at])
      })
      return { name, value: values.join(' '), className: lines[0]?.colour ?? '' }
    })
    const compared = this.#compared
    if (compared === undefined) return studies
    const [first, value] = [compared.closes[this.chart.view.visible?.first ?? 0], compared.closes[at]]
    const change = first === undefined || value === undefined ? '' : changeText(first, value)
    const text = value === undefined ? '–' : `${compared.prices.text(value)} ${change}`
    return [...studies, { name: compared.name, value: text, className: 'compare' }]
  }
}
