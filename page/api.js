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
 * @property {boolean} [live] ticks are in it that no stored candle has yet
 * @property {string} [asOf] of a live one: all ticks until then are in it
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

/** The server's own words on why it does not answer as asked. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string } | undefined} error
   * @param {number | undefined} retryAfterMs how long the server wants to be left alone
   */
  constructor(status, error, retryAfterMs) {
    super(error?.message ?? `The server answers with status ${status}.`)
    this.status = status
    this.code = error?.code ?? 'UNKNOWN'
    this.retryAfterMs = retryAfterMs
  }

  /** The server has too much to do, or something that it needs is away: asking again later helps, asking often does not. */
  get isForNow() {
    return this.status >= 500 || this.status === 429
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

/**
 * A question that is asked again and again: what has not changed is not sent again.
 */
export class Question {
  #path = ''
  /** @type {string | null} */
  #tag = null

  /**
   * The newest candles of the stretch, or undefined when the answer is still the one before, to the same question.
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

  /** The next answer is wanted in full. */
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
 * @param {string | null} tag of the answer that is here already
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
 * In seconds, or as a date.
 *
 * @param {string | null} text
 */
function retryAfterMs(text) {
  if (text === null) return undefined
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS)
}

/** Nobody is left without an answer for longer, whatever the server says. */
const MAX_RETRY_AFTER_MS = 60_000
