import { readLook, writeLook } from './look.js'
import { momentOfText, shortIso } from './moments.js'

/** @import { View } from './api.js' */
/** @import { Look } from './look.js' */

const MAX_BARS = 20_000

/**
 * Where the view is: it ends at `until`, or at the newest candle, and is `bars` candles wide, or as wide as usual.
 *
 * @typedef {{ until: string | undefined, bars: number | undefined }} Place
 *
 * @typedef {Partial<View> & Place & { look: Look }} Address what the address names: any part may be missing
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
 * The query that names all of this, and leaves out what is as usual.
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
  // Colons, slashes and commas need no escape in a query, and can be read so.
  return `?${query.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')}`
}

/**
 * Makes that the address: as a new step of the tab's history, or in place of the present one.
 *
 * @param {string} address
 * @param {'push' | 'replace'} how
 */
export function writeAddress(address, how) {
  if (address === location.search) return
  if (how === 'push') history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}
