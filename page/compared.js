import { PriceFormat } from './prices.js'

/** @import { Candle, Instrument } from './api.js' */

/** Another symbol's closes, beside the candles of the one on the screen. */
export class Compared {
  /** As it is called beside the other. */
  name
  prices = new PriceFormat(2)
  /** One for each candle of the other, of the same bucket; undefined where there is none. @type {(number | undefined)[]} */
  closes = []
  /** @type {Map<string, number>} */
  #byTime = new Map()

  /** @param {Instrument} instrument */
  constructor({ symbol }) {
    this.name = symbol
  }

  /** @param {readonly Candle[]} candles its own */
  take(candles) {
    this.prices = PriceFormat.of(candles)
    this.#byTime = new Map(candles.map(({ dateTime, close }) => [dateTime, close]))
  }

  /** @param {readonly Candle[]} candles the other's */
  align(candles) {
    this.closes = candles.map(({ dateTime }) => this.#byTime.get(dateTime))
  }

  /** As the chart draws them. */
  get values() {
    return this.closes.map(close => (close === undefined ? undefined : this.prices.toChart(close)))
  }
}
