import { keep, kept } from './storage.js'

/** @import { Instrument } from './api.js' */

const KEY = 'recent'
const MAX_RECENT = 8

/** @returns {Instrument[]} the instruments viewed last, the newest first */
export function recentInstruments() {
  try {
    const found = JSON.parse(kept(KEY) ?? '[]')
    return found.filter(isInstrument).slice(0, MAX_RECENT)
  } catch {
    return []
  }
}

/** @param {Instrument} instrument */
export function rememberInstrument({ source, symbol }) {
  const others = recentInstruments().filter(of => of.source !== source || of.symbol !== symbol)
  keep(KEY, JSON.stringify([{ source, symbol }, ...others].slice(0, MAX_RECENT)))
}

/** @param {unknown} found */
function isInstrument(found) {
  const { source, symbol } = /** @type {Record<string, unknown>} */ (found ?? {})
  return typeof source === 'string' && typeof symbol === 'string'
}
