import { readLook, writeLook } from './look.js'
import { momentOfText, shortIso } from './moments.js'

/** @import { View } from './api.js' */
/** @import { Look } from './look.js' */

const MAX_BARS = 20_000

/**
 * The place of the view: it ends at `until`, by default at the newest candle, and is `bars` candles wide, by default as many as
 * fit at the usual spacing.
 *
 * @typedef {{ until: string | undefined, bars: number | undefined }} Place
 *
 * @typedef {Partial<View> & Place & { look: Look }} Address the state that an address names; any part may be missing
 */

/**
 * @param {string} search
 * @returns {Address}
 */
export function readAddress(search) {
  const query = new URLSearchParams(search)
  const names = /** @type {const} */ (['source', 'symbol', 'timeframe'])
  const given = names.filter(name => query.get(name))
  const bars = Number(query.get('bars'))
  return {
    ...Object.fromEntries(given.map(name => [name, query.get(name)])),
    until: momentOfText(query.get('until') ?? ''),
    bars: Number.isInteger(bars) && bars > 1 ? Math.min(bars, MAX_BARS) : undefined,
    look: readLook(query),
  }
}

/**
 * Writes the state as a query, without its default values.
 *
 * @param {View} view
 * @param {Place} place
 * @param {Look} look
 */
export function addressOf({ source, symbol, timeframe }, { until, bars }, look) {
  const query = new URLSearchParams({ source, symbol, timeframe })
  if (until !== undefined) query.set('until', shortIso(until))
  if (bars !== undefined) query.set('bars', String(bars))
  writeLook(look, query)
  // Colons, slashes and commas need no escape in a query, and are easier to read without.
  return `?${query.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')}`
}

/**
 * Sets the tab's address, as a new entry of its history or in place of the present one.
 *
 * @param {string} address
 * @param {'push' | 'replace'} how
 */
export function writeAddress(address, how) {
  if (address === location.search) return
  if (how === 'push') history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}
