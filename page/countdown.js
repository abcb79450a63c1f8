/** @import { ISeriesPrimitive, ISeriesPrimitiveAxisView, SeriesAttachedParameter, Time } from './lightweight-charts.js' */

/** Below the label of the newest price, pixels. */
const BELOW_PRICE = 19

/**
 * A label on the price axis, below the newest price: the time until the newest candle closes.
 *
 * @implements {ISeriesPrimitive<Time>}
 */
export class Countdown {
  /** @type {SeriesAttachedParameter<Time> | undefined} */
  #attached
  #text = ''
  #price = 0
  #textColour = ''
  #backColour = ''
  /** @type {ISeriesPrimitiveAxisView} */
  #label = {
    coordinate: () =>
      (this.#attached?.series.priceToCoordinate(this.#price) ?? -BELOW_PRICE * 2) + BELOW_PRICE,
    text: () => this.#text,
    textColor: () => this.#textColour,
    backColor: () => this.#backColour,
    visible: () => this.#text !== '',
    tickVisible: () => false,
  }

  /** @param {SeriesAttachedParameter<Time>} parameter */
  attached(parameter) {
    this.#attached = parameter
  }

  detached() {
    this.#attached = undefined
  }

  priceAxisViews() {
    return [this.#label]
  }

  /**
   * @param {string} text empty: no label
   * @param {{ price: number, text: string, back: string }} at the newest price in the chart's scale, and the colours
   */
  show(text, { price, text: textColour, back }) {
    if (text === this.#text && price === this.#price && back === this.#backColour) return
    this.#text = text
    this.#price = price
    this.#textColour = textColour
    this.#backColour = back
    this.#attached?.requestUpdate()
  }
}
