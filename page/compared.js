import { PriceFormat } from './prices.js'

/** @import { Candle, Instrument } from './api.js' */

/** The closes of a second symbol, aligned with the candles on the screen. */
export class Compared {
  /** Its label. */
  name
  prices = new PriceFormat(2)
  /** One close for each candle on the screen; undefined where the bucket has none. @type {(number | undefined)[]} */
  closes = []
  /** @type {Map<string, number>} */
  #byTime = new Map()

  /** @param {Instrument} instrument */
  constructor({ symbol }) {
    this.name = symbol
  }

  /** @param {readonly Candle[]} candles of the second symbol */
  take(candles) {
    this.prices = PriceFormat.of(candles)
    this.#byTime = new Map(candles.map(({ dateTime, close }) => [dateTime, close]))
  }

  /** @param {readonly Candle[]} candles on the screen */
  align(candles) {
    this.closes = candles.map(({ dateTime }) => this.#byTime.get(dateTime))
  }

  /** The closes for the chart. */
  get values() {
    return this.closes.map(close => (close === undefined ? undefined : this.prices.toChart(close)))
  }
}
