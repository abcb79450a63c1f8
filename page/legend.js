import { make } from './dom.js'
import { bucketText } from './moments.js'
import { changeText, countText } from './prices.js'

/** @import { Candle } from './api.js' */
/** @import { PriceFormat } from './prices.js' */
/** @import { Zone } from './zone.js' */

/**
 * @typedef {object} Part one entry of the legend
 * @property {string} name in full, for screen readers
 * @property {string} [short] the name as it is written; empty: it is not written
 * @property {string} value
 * @property {string} [className]
 */

/**
 * The legend of one candle: its time, prices, change, count of ticks, and whether it is closed.
 *
 * @param {Candle} candle
 * @param {string} timeframe
 * @param {PriceFormat} prices
 * @param {Zone} zone
 * @returns {Part[]}
 */
export function candleParts(
  { dateTime, open, high, low, close, volume, closed, revision },
  timeframe,
  prices,
  zone,
) {
  const direction = close >= open ? 'up' : 'down'
  const state = [
    closed ? 'closed' : 'open',
    ...(revision > 1 && closed ? [`revision ${revision}`] : []),
  ].join(', ')
  return [
    { name: 'Time', short: '', value: bucketText(Date.parse(dateTime), timeframe, zone), className: 'time' },
    { name: 'Open', short: 'O', value: prices.text(open), className: direction },
    { name: 'High', short: 'H', value: prices.text(high), className: direction },
    { name: 'Low', short: 'L', value: prices.text(low), className: direction },
    { name: 'Close', short: 'C', value: prices.text(close), className: direction },
    { name: 'Change', short: '', value: changeText(open, close), className: direction },
    { name: 'Volume', short: 'V', value: countText(volume) },
    { name: 'State', short: '', value: state, className: 'state' },
  ]
}

/**
 * @param {HTMLElement} list a `dl`
 * @param {readonly Part[]} parts
 */
export function writeLegend(list, parts) {
  list.hidden = parts.length === 0
  list.replaceChildren(...parts.map(pair))
}

/** @param {readonly Part[]} parts */
export function spoken(parts) {
  return parts.map(({ name, value }) => (name === 'Time' ? value : `${name} ${value}`)).join(', ')
}

/** @param {Part} part */
function pair({ name, short = name, value, className = '' }) {
  const both = make('div')
  const term = make('dt')
  if (short === name) term.textContent = name
  else {
    const seen = make('span', short)
    seen.ariaHidden = 'true'
    term.append(seen, make('span', name, 'unseen'))
  }
  if (short === '') term.className = 'unseen'
  both.append(term, make('dd', value, className))
  return both
}
