/**
 * @typedef {object} Candle
 * @property {string} dateTime the bucket's start; texts sort as times do
 * @property {number} open
 * @property {number} high
 * @property {number} low
 * @property {number} close
 * @property {number} volume the count of ticks
 * @property {boolean} closed
 * @property {number} revision
 *
 * @typedef {{ source: string, symbol: string }} Instrument
 * @typedef {Instrument & { timeframe: string }} View
 * @typedef {{ candles: Candle[], older: string | null }} Page
 * @typedef {{ timeframes: string[], symbols: Instrument[] }} Catalogue
 */

const TIMEOUT_MS = 25_000

/** The server's own words on why it does not answer as asked. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string } | undefined} error
   */
  constructor(status, error) {
    super(error?.message ?? `The server answers with status ${status}.`)
    this.status = status
    this.code = error?.code ?? 'UNKNOWN'
  }
}

/**
 * Whose candles there are, and in which timeframes.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Catalogue>}
 */
export async function readCatalogue(signal) {
  return (await ask('symbols', signal)).json()
}

/**
 * The newest candles, or with `to` the newest of those before it.
 *
 * @param {View} view
 * @param {{ to?: string, limit?: number }} options
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function readCandles(view, options, signal) {
  return (await ask(candlesPath(view, options), signal)).json()
}

/**
 * The newest candles, unless nothing has changed since the answer with this tag: then undefined.
 *
 * @param {View} view
 * @param {string | null} knownTag
 * @param {AbortSignal} signal
 * @returns {Promise<{ page: Page, tag: string | null } | undefined>}
 */
export async function readNewest(view, knownTag, signal) {
  // The browser asks with the tag itself, and gives its own copy when the server says that it still holds.
  const answer = await ask(candlesPath(view, {}), signal)
  const tag = answer.headers.get('etag')
  if (tag !== null && tag === knownTag) return undefined
  return { page: await answer.json(), tag }
}

/**
 * @param {View} view
 * @param {{ to?: string, limit?: number }} options
 */
function candlesPath({ source, symbol, timeframe }, { to, limit }) {
  const query = new URLSearchParams({ source, symbol, timeframe })
  if (to !== undefined) query.set('to', to)
  if (limit !== undefined) query.set('limit', String(limit))
  return `candles?${query}`
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function ask(path, signal) {
  const answer = await fetch(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
  if (answer.ok) return answer
  const body = await answer.json().catch(() => ({}))
  throw new Refused(answer.status, body.error)
}
