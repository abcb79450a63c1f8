import { InstrumentIndex } from './search.js'

/** @import { Catalogue as Answer, Instrument, View } from './api.js' */

/** Whose candles there are, and in which timeframes, as far as it is known. */
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
   * What a link means by these names: what comes nearest, and where nothing does, what it says. What it does not name is
   * the first of the recent ones that is there, or the first there is. Undefined while there are no candles at all.
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
   * The timeframe so many steps longer, if there is one.
   *
   * @param {string} timeframe
   * @param {number} steps
   */
  longer(timeframe, steps) {
    return this.timeframes[this.timeframes.indexOf(timeframe) + steps]
  }
}
