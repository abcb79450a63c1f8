/** @import { Instrument } from './api.js' */

const KEY = 'recent'
const MAX_RECENT = 8

/** @returns {Instrument[]} those looked at last, the newest first */
export function recentInstruments() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return kept.filter(isInstrument).slice(0, MAX_RECENT)
  } catch {
    return []
  }
}

/** @param {Instrument} instrument */
export function rememberInstrument({ source, symbol }) {
  const others = recentInstruments().filter(of => of.source !== source || of.symbol !== symbol)
  localStorage.setItem(KEY, JSON.stringify([{ source, symbol }, ...others].slice(0, MAX_RECENT)))
}

/** @param {unknown} kept */
function isInstrument(kept) {
  const { source, symbol } = /** @type {Record<string, unknown>} */ (kept ?? {})
  return typeof source === 'string' && typeof symbol === 'string'
}
