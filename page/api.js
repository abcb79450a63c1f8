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
 * @property {boolean} [live] true for a candle with ticks that no stored candle has
 * @property {string} [asOf] of a live candle: it has all ticks until then
 *
 * @typedef {object} Status
 * @property {string | null} closedUntil candles that ended by then are closed
 * @property {string} committedAt the newest commit of candles
 * @property {string | null} newestMinute start of the newest minute in which the symbol has a tick
 * @property {string | null} [waitingSince] of the oldest tick that the candles lack; null: none waits; absent where that
 *   cannot be known
 * @property {string | null} [uncommittedSince] of the oldest tick that no stored candle has; absent like `waitingSince`
 * @property {number} staleHours hours of history that may lack late ticks
 * @property {string} serverTime
 *
 * @typedef {{ source: string, symbol: string }} Instrument
 * @typedef {Instrument & { timeframe: string }} View
 * @typedef {{ candles: Candle[], older: string | null, status?: Status }} Page an older server gives no status
 * @typedef {{ timeframes: string[], symbols: Instrument[] }} Catalogue
 * @typedef {{ from?: string | undefined, to?: string | undefined, limit?: number | undefined }} Stretch
 */

const TIMEOUT_MS = 10_000

/** The server refused a request; the message is the server's. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string } | undefined} error
   * @param {number | undefined} retryAfterMs the pause that the server asks for
   */
  constructor(status, error, retryAfterMs) {
    super(error?.message ?? `The server answers with status ${status}.`)
    this.status = status
    this.code = error?.code ?? 'UNKNOWN'
    this.retryAfterMs = retryAfterMs
  }

  /** True when a later request may succeed: the server is overloaded, or has failed. */
  get isForNow() {
    return this.status >= 500 || this.status === 429
  }
}

/**
 * All symbols with candles, and the timeframes.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Catalogue>}
 */
export async function readCatalogue(signal) {
  return (await ask('symbols', signal)).json()
}

/**
 * The newest `limit` candles of the stretch.
 *
 * @param {View} view
 * @param {Stretch} stretch
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function readCandles(view, stretch, signal) {
  return (await ask(candlesPath(view, stretch), signal)).json()
}

/** A request that is repeated: an answer that has not changed is not sent again. */
export class Question {
  #path = ''
  /** @type {string | null} */
  #tag = null

  /**
   * The newest candles of the stretch; undefined when the answer to the same question has not changed.
   *
   * @param {View} view
   * @param {Stretch} stretch
   * @param {AbortSignal} signal
   * @returns {Promise<Page | undefined>}
   */
  async ask(view, stretch, signal) {
    const path = candlesPath(view, stretch)
    const tag = path === this.#path ? this.#tag : null
    const answer = await ask(path, signal, tag)
    if (answer.status === 304) return undefined
    const page = await answer.json()
    this.#path = path
    this.#tag = answer.headers.get('etag')
    return page
  }

  /** Makes the next answer a full one. */
  forget() {
    this.#tag = null
  }
}

/**
 * @param {View} view
 * @param {Stretch} stretch
 */
function candlesPath({ source, symbol, timeframe }, { from, to, limit }) {
  const query = new URLSearchParams({ source, symbol, timeframe })
  if (from !== undefined) query.set('from', from)
  if (to !== undefined) query.set('to', to)
  if (limit !== undefined) query.set('limit', String(limit))
  return `candles?${query}`
}

/**
 * @param {string} path
 * @param {AbortSignal} signal
 * @param {string | null} tag of the answer that the page has
 */
async function ask(path, signal, tag = null) {
  const answer = await fetch(path, {
    cache: 'no-store',
    headers: tag === null ? {} : { 'if-none-match': tag },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  })
  if (answer.ok || answer.status === 304) return answer
  const body = await answer.json().catch(() => ({}))
  throw new Refused(answer.status, body.error, retryAfterMs(answer.headers.get('retry-after')))
}

/**
 * Reads a `Retry-After`, which has seconds or a date.
 *
 * @param {string | null} text
 */
function retryAfterMs(text) {
  if (text === null) return undefined
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS)
}

/** A longer `Retry-After` is cut to this. */
const MAX_RETRY_AFTER_MS = 60_000
