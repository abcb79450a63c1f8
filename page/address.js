/** @import { View } from './api.js' */

/**
 * What the address names: any part may be missing.
 *
 * @returns {Partial<View> & { until?: string }}
 */
export function readAddress() {
  const query = new URLSearchParams(location.search)
  const names = /** @type {const} */ (['source', 'symbol', 'timeframe', 'until'])
  const given = names.filter(name => query.get(name))
  return Object.fromEntries(given.map(name => [name, query.get(name)]))
}

/**
 * Names the view in the address: as a new step of the tab's history, or in place of the present one.
 *
 * @param {View & { until?: string | undefined }} view
 * @param {'push' | 'replace'} how
 */
export function writeAddress({ source, symbol, timeframe, until }, how) {
  const query = new URLSearchParams({ source, symbol, timeframe, ...(until && { until }) })
  const address = `?${query}`
  if (address === location.search) return
  if (how === 'push') history.pushState(null, '', address)
  else history.replaceState(null, '', address)
}
