import { InstrumentIndex } from './search.js'

/** @import { Catalogue as Answer, Instrument, View } from './api.js' */

/** The symbols and timeframes with candles, as far as they are known. */
export class Catalogue {
  /** @type {readonly string[]} */
  timeframes = []
  index = new InstrumentIndex([])
  /** @type {readonly Instrument[]} */
  #symbols = []

  /** @param {Answer} answer */
  take({ timeframes, symbols }) {
    this.timeframes = timeframes
    this.#symbols = symbols
    this.index = new InstrumentIndex(symbols)
  }

  get isKnown() {
    return this.timeframes.length > 0
  }

  /** @param {Instrument} instrument */
  has(instrument) {
    return this.index.has(instrument)
  }

  /**
   * The view that a link means. A symbol written loosely is the nearest one; without a near one it is taken as written. A missing
   * symbol is the most recent one that has candles, or the first of all. Undefined while there are no candles at all.
   *
   * @param {Partial<View>} named
   * @param {readonly Instrument[]} recent
   * @returns {View | undefined}
   */
  meant({ source, symbol, timeframe: wanted }, recent) {
    const [first] = this.#symbols
    const timeframe = this.timeframes.find(name => name === wanted) ?? this.timeframes[0]
    if (first === undefined || timeframe === undefined) return undefined
    const isBare = source === undefined && symbol === undefined
    const names = { ...(source !== undefined && { source }), ...(symbol !== undefined && { symbol }) }
    const nearest = isBare ? recent.find(one => this.has(one)) : this.index.nearest(names)
    return { source: first.source, symbol: first.symbol, ...names, ...nearest, timeframe }
  }

  /**
   * The timeframe `steps` steps longer, if there is one.
   *
   * @param {string} timeframe
   * @param {number} steps
   */
  longer(timeframe, steps) {
    return this.timeframes[this.timeframes.indexOf(timeframe) + steps]
  }
}
