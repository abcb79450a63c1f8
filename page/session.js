import { Question, Refused, readCandles } from './api.js'
import { LoadedCandles } from './loaded.js'
import { poll } from './poll.js'
import { bucketEnd, bucketMs, bucketStart } from './timeframes.js'

/** @import { Candle, Page, Stretch, View } from './api.js' */
/** @import { Outcome } from './poll.js' */
/** @import { ServerClock } from './serverClock.js' */

const LOOK_EVERY_MS = 1_000
/** All that is shown is read again so often: a late tick may have changed any of it. */
const WHOLE_EVERY_MS = 300_000
/** Candles of a page when panning, and the most that the server gives. */
const PAGE = 1_000
const MAX_PAGE = 5_000
const USUAL_PAGE = 500
/** Going to a moment loads so many buckets after it. */
const BUCKETS_AFTER = 300
/** Over a gap, each further look reaches so many times as far. */
const FURTHER = 8
/** Of pages that may be empty, in a row. */
const MAX_LOOKS = 8

/**
 * @typedef {object} Listener what a session tells
 * @property {() => void} onCandles other candles are loaded, never none
 * @property {(page: Page | undefined, sentMs: number) => void} onAnswer the server answered; undefined: nothing has changed
 * @property {(error: unknown) => void} onTrouble a request failed
 * @property {() => void} onNothing the symbol has no candles of this timeframe
 */

/** One symbol and timeframe on the screen: keeps up with its newest candles, and loads those of other times. */
export class Session {
  /** @readonly */
  loaded = new LoadedCandles()
  /** The newest candle of all, whatever is loaded. @type {Candle | undefined} */
  newest
  #view
  #clock
  #listener
  #question = new Question()
  #ended = new AbortController()
  /** Counts what takes the place of everything: a page that was asked for before it comes too late. */
  #turn = 0
  #loading = 0
  /** A moment to go to at first. @type {string | undefined} */
  #aim
  /** The newest candles are loaded as a whole; from then on only the last ones are asked for. */
  #isWhole = false
  #wholeMs = 0
  /** @type {number | undefined} */
  #staleHours
  /** @type {string | undefined} */
  #committedAt
  /** Candles were committed since they were asked for. */
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

  /** Loads the page before the oldest candle that is here, unless that is under way, or there is none. */
  async loadOlder(limit = PAGE) {
    const to = this.loaded.older
    if (to === null) return
    await this.#load(async isStill => {
      const page = await this.#read({ to, limit })
      if (isStill() && this.loaded.older === to) this.loaded.takeOlder(page)
    })
  }

  /** Loads what comes after the last candle that is here, unless that is the newest of all. */
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
        // More than a page holds came before the page.
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
   * Loads the candles around a moment, unless they are here. Before the first candle of all, those are the first ones.
   *
   * @param {string} until
   */
  async goTo(until) {
    if (this.#holds(until)) return
    await this.#replace(isStill => this.#goTo(until, isStill))
  }

  /** Loads the newest candles, unless they are here. */
  async goToNewest() {
    if (this.loaded.isAtNewest) return
    await this.#replace(async isStill => {
      const page = await this.#read({})
      if (isStill()) this.#takeWhole(page)
    })
  }

  /**
   * Loads what there is of the time of another session's candles.
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
      if (page !== undefined) this.#noticeHistory(page)
      if (this.#aim === undefined) this.#tell()
      return { wentWell: true }
    } catch (error) {
      this.#complain(error)
      if (!(error instanceof Refused)) return { wentWell: false }
      return { wentWell: !error.isForNow, retryAfterMs: error.retryAfterMs }
    }
  }

  /**
   * The newest candle alone while others are on the screen; the last ones where those before them are here; else a page.
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
    const first = this.#isCommitted ? loaded.firstOfFew : loaded.firstOpen
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
    this.#wholeMs = Date.now()
    this.newest = page.candles.at(-1)
  }

  /**
   * @param {string} from
   * @param {Page} page
   */
  #takeLast(from, page) {
    const isComplete = page.older === null || page.candles[0]?.dateTime === from
    // The last candle is gone, or more came than one answer holds.
    if (page.candles.length === 0 || !isComplete) this.#isWhole = false
    else {
      this.loaded.takeFrom(from, page.candles)
      this.newest = page.candles.at(-1)
    }
  }

  /**
   * A commit may have changed the last few candles, history that was caught up with any of them.
   *
   * @param {Page} page
   */
  #noticeHistory({ status }) {
    const hasChanged = this.#staleHours !== undefined && status?.staleHours !== this.#staleHours
    if (hasChanged || Date.now() - this.#wholeMs > WHOLE_EVERY_MS) {
      if (this.loaded.isAtNewest) this.#isWhole = false
      else void this.#readAgain()
    }
    this.#staleHours = status?.staleHours
    this.#isCommitted ||= this.#committedAt !== undefined && status?.committedAt !== this.#committedAt
    this.#committedAt = status?.committedAt
  }

  /** Reads the candles that are here again, which are not the newest. */
  async #readAgain() {
    this.#wholeMs = Date.now()
    const { candles, newer } = this.loaded
    if (newer === null) return
    await this.#load(async isStill => {
      const page = await this.#read({ to: newer, limit: Math.min(candles.length, MAX_PAGE) })
      const from = page.candles[0]?.dateTime
      if (isStill() && from !== undefined && this.loaded.newer === newer)
        this.loaded.takeFrom(from, page.candles)
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
    this.#wholeMs = Date.now()
    if (isBeyond) this.newest = page.candles.at(-1)
    return page
  }

  /**
   * The first candles of all: their month, then their day, then they themselves.
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
   * Loads something beside what is here, one at a time, and tells.
   *
   * @param {(isStill: () => boolean) => Promise<unknown>} work `isStill`: nothing has taken the place of everything since
   */
  async #load(work) {
    if (this.#loading === 0) await this.#loadNow(work)
  }

  /**
   * Loads something in place of all that is here, and of what is being loaded, and tells.
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
