import { CandleChart } from './chart.js'
import { find } from './dom.js'
import { countText, decimalsOf, priceFormat } from './format.js'
import { showPrice, showView } from './header.js'
import { writeLegend } from './legend.js'

/** @import { Candle, View } from './api.js' */

/** Prices are written as exactly as so many of the newest candles need. */
const DECIMALS_OF = 300

/** All that shows the candles of one view: the chart, the legend on it, the newest price, how many there are. */
export class Screen {
  /** Where the view ends, when that is not the newest candle. @type {string | undefined} */
  until
  /** How many candles are out of sight to the left. */
  before = 0
  chart
  #legend = find('#legend', HTMLElement)
  #count = find('#loaded', HTMLElement)
  #newest = find('#newest', HTMLButtonElement)
  /** @type {readonly Candle[]} */
  #candles = []
  /** The one under the pointer. @type {Candle | undefined} */
  #pointed
  #timeframe = ''
  #price = priceFormat(2)

  /** @param {() => void} onMove the view has moved: `until` and `before` are what they are now */
  constructor(onMove) {
    this.chart = new CandleChart(find('#chart', HTMLElement), {
      onPoint: candle => {
        this.#pointed = candle
        this.#describe()
      },
      onMove: ({ before, last }) => {
        this.before = before
        this.until = last?.dateTime
        this.#newest.hidden = last === undefined
        onMove()
      },
    })
    this.#newest.addEventListener('click', () => this.chart.toNewest())
  }

  get isEmpty() {
    return this.#candles.length === 0
  }

  /**
   * Names another view, of which there are no candles yet.
   *
   * @param {View} view
   */
  begin(view) {
    this.#candles = []
    this.#pointed = undefined
    this.#timeframe = view.timeframe
    this.chart.clear()
    showView(view)
    this.#describe()
  }

  /**
   * Shows these candles, at the moment that was in view before; never none.
   *
   * @param {View} view
   * @param {readonly Candle[]} candles
   */
  show(view, candles) {
    if (candles === this.#candles) return
    const { isEmpty, until } = this
    const decimals = decimalsOf(candles.slice(-DECIMALS_OF))
    this.#candles = candles
    this.#price = priceFormat(decimals)
    this.chart.show(candles, view.timeframe, decimals)
    if (isEmpty) this.chart.goTo(until)
    showPrice(view, /** @type {Candle} */ (candles.at(-1)), this.#price)
    this.#describe()
  }

  #describe() {
    const candle = this.#pointed ?? this.#candles.at(-1)
    this.#legend.hidden = candle === undefined
    if (candle) writeLegend(this.#legend, candle, this.#timeframe, this.#price)
    this.#count.textContent = this.isEmpty ? '' : `${countText(this.#candles.length)} candles`
  }
}
