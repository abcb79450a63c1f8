import { make } from './dom.js'
import { bucketText, changeText, countText } from './format.js'
/** @import { Candle } from './api.js' */

/**
 * Writes one candle out: its time, prices, change, count of ticks, and whether it is closed.
 *
 * @param {HTMLElement} legend a `dl`
 * @param {Candle} candle
 * @param {string} timeframe
 * @param {(price: number) => string} price
 */
export function writeLegend(legend, candle, timeframe, price) {
  const { dateTime, open, high, low, close, volume, closed, revision } = candle
  const direction = close >= open ? 'up' : 'down'
  const state = [
    closed ? 'closed' : 'open',
    ...(revision > 1 && closed ? [`revision ${revision}`] : []),
  ].join(', ')
  legend.replaceChildren(
    pair('Time', bucketText(Date.parse(dateTime), timeframe), 'time'),
    pair('O', price(open), direction),
    pair('H', price(high), direction),
    pair('L', price(low), direction),
    pair('C', price(close), direction),
    pair('Change', changeText(open, close), `change ${direction}`),
    pair('V', countText(volume), 'volume'),
    pair('State', state, 'state'),
  )
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} className
 */
function pair(name, value, className) {
  const both = make('div')
  both.append(make('dt', name, className), make('dd', value, className))
  return both
}
