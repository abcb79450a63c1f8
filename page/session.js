import { Question, Refused, readCandles } from './api.js'
import { LoadedCandles } from './loaded.js'
import { poll } from './poll.js'
import { bucketEnd, bucketMs, bucketStart } from './timeframes.js'

/** @import { Candle, Page, Stretch, View } from './api.js' */
/** @import { Outcome } from './poll.js' */
/** @import { ServerClock } from './serverClock.js' */

const LOOK_EVERY_MS = 1_000
/** The interval at which all candles are read again: a late tick may have changed any of them. */
const WHOLE_EVERY_MS = 300_000
/** Candles of a page when panning, the most that the server gives, and its default. */
const PAGE = 1_000
const MAX_PAGE = 5_000
const USUAL_PAGE = 500
/** Buckets that are loaded after a moment to go to. */
const BUCKETS_AFTER = 300
/** The factor by which each further request reaches farther across a gap. */
const FURTHER = 8
/** The most requests in a row for pages that may be empty. */
const MAX_LOOKS = 8

/**
 * @typedef {object} Listener callbacks of a session
 * @property {() => void} onCandles other candles are loaded, never none
 * @property {(page: Page | undefined, sentMs: number) => void} onAnswer the server answered; undefined: nothing has changed
 * @property {(error: unknown) => void} onTrouble a request failed
 * @property {() => void} onNothing the symbol has no candles of this timeframe
 */

/** Loads the candles of one symbol and timeframe: keeps the newest up to date, and loads older ones when they are needed. */
export class Session {
  /** @readonly */
  loaded = new LoadedCandles()
  /** The newest candle of all, loaded or not. @type {Candle | undefined} */
  newest
  #view
  #clock
  #listener
  #question = new Question()
  #ended = new AbortController()
  /** Counts replacements of all candles: a page that was asked for before one is dropped. */
  #turn = 0
  #loading = 0
  /** The moment to go to at first. @type {string | undefined} */
  #aim
  /** True once the newest page is loaded: from then on only its last candles are asked for. */
  #isWhole = false
  /** When the page was last loaded as a whole, by the monotonic clock. */
  #wholeMs = 0
  /** @type {number | undefined} */
  #staleHours
  /** @type {string | undefined} */
  #committedAt
  /** True after a commit of which the candles have not been read. */
  #isCommitted = false
  #stopLooking

  /**
   * @param {View} view
   * @param {string | undefined} until a moment to go to at first, instead of the newest candle
   * @param {ServerClock} clock
   * @param {Listener} listener
   */
  constructor(view, until, clock, listener) {
    this.#view = view
    this.#aim = until
    this.#clock = clock
    this.#listener = listener
    this.#stopLooking = poll(LOOK_EVERY_MS, signal => this.#look(signal))
  }

  end() {
    this.#stopLooking()
    this.#ended.abort()
  }

  /** Loads the page before the oldest loaded candle, if there is one. Does nothing while another load is under way. */
  async loadOlder(limit = PAGE) {
    const to = this.loaded.older
    if (to === null) return
    await this.#load(async isStill => {
      const page = await this.#read({ to, limit })
      if (isStill() && this.loaded.older === to) this.loaded.takeOlder(page)
    })
  }

  /** Loads candles after the last loaded one, unless that is the newest of all. */
  async loadNewer() {
    if (this.loaded.isAtNewest) return
    await this.#load(async isStill => {
      let buckets = PAGE
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        const from = this.loaded.newer
        if (from === null) return
        const toMs = Date.parse(from) + buckets * bucketMs(this.#view.timeframe)
        const to = new Date(toMs).toISOString()
        const page = await this.#read({ from, to, limit: MAX_PAGE })
        if (!isStill() || this.loaded.newer !== from) return
        // Candles are missing before this page: the step was too long.
        if (page.older !== null) buckets /= FURTHER
        else {
          this.loaded.takeNewer(page.candles, toMs > this.#clock.nowMs ? null : to)
          if (page.candles.length > 0) return
          buckets *= FURTHER
        }
      }
    })
  }

  /**
   * Loads the candles around a moment, unless they are loaded; for a moment before the first candle, the first ones.
   *
   * @param {string} until
   */
  async goTo(until) {
    if (this.#holds(until)) return
    await this.#replace(isStill => this.#goTo(until, isStill))
  }

  /** Loads the newest candles, unless they are loaded. */
  async goToNewest() {
    if (this.loaded.isAtNewest) return
    await this.#replace(async isStill => {
      const page = await this.#read({})
      if (isStill()) this.#takeWhole(page)
    })
  }

  /**
   * Loads the candles of the time that another session has loaded.
   *
   * @param {LoadedCandles} other
   */
  async cover({ candles, isAtNewest }) {
    const [first, last] = [candles[0]?.dateTime, candles.at(-1)?.dateTime]
    if (first === undefined || last === undefined || this.#loading > 0) return
    if (isAtNewest) await this.goToNewest()
    else await this.goTo(last)
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const { older, candles: mine } = this.loaded
      if (older === null || (mine[0]?.dateTime ?? first) <= first) return
      await this.loadOlder(MAX_PAGE)
      if (this.loaded.older === older) return
    }
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Outcome>}
   */
  async #look(signal) {
    const sentMs = Date.now()
    try {
      const page = this.#aim === undefined ? await this.#askForNews(signal) : await this.#arrive(this.#aim)
      if (signal.aborted) return { wentWell: true }
      this.#listener.onAnswer(page, sentMs)
      this.#noticeHistory(page)
      if (this.#aim === undefined) this.#tell()
      return { wentWell: true }
    } catch (error) {
      this.#complain(error)
      if (!(error instanceof Refused)) return { wentWell: false }
      return { wentWell: !error.isForNow, retryAfterMs: error.retryAfterMs }
    }
  }

  /**
   * Asks for news: while the newest candles are not loaded, for the newest one alone; after the first page, for the last few;
   * else for a page.
   *
   * @param {AbortSignal} signal
   */
  async #askForNews(signal) {
    const turn = this.#turn
    const { loaded } = this
    if (!loaded.isAtNewest) {
      const page = await this.#question.ask(this.#view, { limit: 1 }, signal)
      if (page !== undefined) this.newest = page.candles.at(-1)
      return page
    }
    const first = this.#isCommitted ? loaded.firstOfFew : loaded.lastSettled
    const from = this.#isWhole ? first?.dateTime : undefined
    this.#isCommitted = false
    const limit = loaded.candles.length > USUAL_PAGE ? Math.min(loaded.candles.length, MAX_PAGE) : undefined
    const page = await this.#question.ask(this.#view, from === undefined ? { limit } : { from }, signal)
    if (page === undefined || turn !== this.#turn) return page
    if (from === undefined) this.#takeWhole(page)
    else this.#takeLast(from, page)
    return page
  }

  /** @param {Page} page */
  #takeWhole(page) {
    this.loaded.takeNewest(page)
    this.#isWhole = page.candles.length > 0
    this.#wholeMs = performance.now()
    this.newest = page.candles.at(-1)
  }

  /**
   * @param {string} from
   * @param {Page} page
   */
  #takeLast(from, page) {
    const isComplete = page.older === null || page.candles[0]?.dateTime === from
    // The last candle was removed, or there are more new candles than one answer holds.
    if (page.candles.length === 0 || !isComplete) this.#isWhole = false
    else {
      this.loaded.takeFrom(from, page.candles)
      this.newest = page.candles.at(-1)
    }
  }

  /**
   * Plans to read again what may have changed: after a commit the last few candles, after history was caught up all of them.
   *
   * @param {Page | undefined} page undefined: nothing has changed since the one before
   */
  #noticeHistory(page) {
    const status = page?.status
    const hasChanged =
      page !== undefined && this.#staleHours !== undefined && status?.staleHours !== this.#staleHours
    if (hasChanged || performance.now() - this.#wholeMs > WHOLE_EVERY_MS) {
      if (this.loaded.isAtNewest) this.#isWhole = false
      else void this.#readAgain()
    }
    if (page === undefined) return
    this.#staleHours = status?.staleHours
    this.#isCommitted ||= this.#committedAt !== undefined && status?.committedAt !== this.#committedAt
    this.#committedAt = status?.committedAt
  }

  /** Reads the loaded candles again, where these are not the newest; loads the newest where none of them is left. */
  async #readAgain() {
    this.#wholeMs = performance.now()
    const { candles, newer } = this.loaded
    if (newer === null) return
    await this.#load(async isStill => {
      const page = await this.#read({ to: newer, limit: Math.min(candles.length, MAX_PAGE) })
      if (!isStill() || this.loaded.newer !== newer) return
      if (page.candles.length > 0) this.loaded.takeAgain(page)
      else if (page.older === null) void this.goToNewest()
    })
  }

  /** @param {string} until */
  async #arrive(until) {
    const page = await this.#goTo(until, () => !this.#ended.signal.aborted)
    this.#aim = undefined
    return page
  }

  /**
   * @param {string} until
   * @param {() => boolean} isStill
   */
  async #goTo(until, isStill) {
    const { timeframe } = this.#view
    const toMs = bucketStart(Date.parse(until), timeframe) + BUCKETS_AFTER * bucketMs(timeframe)
    const isBeyond = toMs > this.#clock.nowMs
    const to = new Date(toMs).toISOString()
    /** @type {Stretch} */
    let stretch = isBeyond ? {} : { to, limit: PAGE }
    let page = await this.#read(stretch)
    for (let looks = 0; looks < MAX_LOOKS && page.candles.length === 0 && page.older !== null; looks++) {
      stretch = { to: page.older, limit: PAGE }
      page = await this.#read(stretch)
    }
    if (page.candles.length === 0 && !isBeyond) return this.#goToFirst(page, isStill)
    if (!isStill()) return page
    this.loaded.takeAll(page, isBeyond ? null : to)
    this.#isWhole = isBeyond && page.candles.length > 0
    this.#wholeMs = performance.now()
    if (isBeyond) this.newest = page.candles.at(-1)
    return page
  }

  /**
   * Finds the first candles of all: first their month, then their day, then the candles.
   *
   * @param {Page} empty
   * @param {() => boolean} isStill
   * @returns {Promise<Page>}
   */
  async #goToFirst(empty, isStill) {
    const month = await this.#firstOf('M1', {})
    const ofMonth = month && { from: month, to: new Date(bucketEnd(Date.parse(month), 'M1')).toISOString() }
    const first = ofMonth && ((await this.#firstOf('D1', ofMonth)) ?? month)
    const { timeframe } = this.#view
    const fromMs = first === undefined ? 0 : bucketStart(Date.parse(first), timeframe)
    const toMs = fromMs + Math.max(PAGE * bucketMs(timeframe), bucketMs('D1'))
    const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
    const page = first === undefined ? empty : await this.#read({ from, to, limit: MAX_PAGE })
    const isAtNewest = toMs > this.#clock.nowMs || first === undefined
    if (isStill()) this.loaded.takeAll({ ...page, older: null }, isAtNewest ? null : to)
    return page
  }

  /**
   * @param {string} timeframe
   * @param {Stretch} stretch
   */
  async #firstOf(timeframe, stretch) {
    const view = { ...this.#view, timeframe }
    const { candles } = await readCandles(view, { ...stretch, limit: MAX_PAGE }, this.#ended.signal)
    return candles[0]?.dateTime
  }

  /** @param {string} moment */
  #holds(moment) {
    const { candles, older, newer } = this.loaded
    const first = candles[0]?.dateTime
    return first !== undefined && (moment >= first || older === null) && (newer === null || moment < newer)
  }

  /** @param {Stretch} stretch */
  #read(stretch) {
    return readCandles(this.#view, stretch, this.#ended.signal)
  }

  /**
   * Adds to the loaded candles, one load at a time.
   *
   * @param {(isStill: () => boolean) => Promise<unknown>} work `isStill` is false once all candles were replaced
   */
  async #load(work) {
    if (this.#loading === 0) await this.#loadNow(work)
  }

  /**
   * Replaces the loaded candles; a load under way is dropped.
   *
   * @param {(isStill: () => boolean) => Promise<unknown>} work
   */
  async #replace(work) {
    this.#turn++
    await this.#loadNow(work)
  }

  /** @param {(isStill: () => boolean) => Promise<unknown>} work */
  async #loadNow(work) {
    const turn = this.#turn
    this.#loading++
    try {
      await work(() => turn === this.#turn && !this.#ended.signal.aborted)
    } catch (error) {
      this.#complain(error)
      return
    } finally {
      this.#loading--
    }
    this.#tell()
  }

  #tell() {
    if (this.#ended.signal.aborted) return
    const { candles, older } = this.loaded
    if (candles.length > 0) this.#listener.onCandles()
    else if (older === null) this.#listener.onNothing()
    else void this.loadOlder()
  }

  /** @param {unknown} error */
  #complain(error) {
    if (!this.#ended.signal.aborted) this.#listener.onTrouble(error)
  }
}
