import { Answers } from './answers.js'
import { readCandles } from './api.js'
import { Compared } from './compared.js'
import { dayChange } from './day.js'
import { showDay } from './header.js'
import { nothing, READY, trouble } from './message.js'
import { poll } from './poll.js'
import { Session } from './session.js'

/** @import { Candle, Instrument, View } from './api.js' */
/** @import { Message } from './message.js' */
/** @import { Screen } from './screen.js' */
/** @import { ServerClock } from './serverClock.js' */

const DAY_EVERY_MS = 60_000
/** More candles are loaded while at most this many are out of sight on a side. */
const LOAD_AHEAD = 300

/**
 * @typedef {object} Listener callbacks of a viewing
 * @property {() => void} onAnswer the server answered
 * @property {(message: Message) => void} onMessage the chart is there, or the reason why it is not
 */

/** The open view: its candles, those of a compared symbol, and the change of the day. */
export class Viewing {
  /** @readonly */
  view
  /** @readonly */
  answers
  #screen
  #clock
  #session
  /** The compared symbol. @type {{ instrument: Instrument, session: Session } | undefined} */
  #beside
  /** @type {readonly Candle[]} */
  #daily = []
  #stopDay
  #listener

  /**
   * @param {View} view
   * @param {Screen} screen placed where the view begins
   * @param {ServerClock} clock
   * @param {Listener} listener
   */
  constructor(view, screen, clock, listener) {
    this.view = view
    this.answers = new Answers(clock)
    this.#screen = screen
    this.#clock = clock
    this.#listener = listener
    this.#session = new Session(view, screen.until, clock, {
      onCandles: () => this.#show(),
      onAnswer: (page, sentMs) => {
        this.answers.take(page, sentMs)
        listener.onAnswer()
      },
      onNothing: () => listener.onMessage(nothing(view)),
      onTrouble: error => {
        this.answers.takeFailure(error)
        if (screen.isEmpty) listener.onMessage(trouble(error))
      },
    })
    this.#stopDay = poll(DAY_EVERY_MS, async signal => {
      const daily = await readCandles({ ...view, timeframe: 'D1' }, { limit: 2 }, signal).catch(
        () => undefined,
      )
      if (daily && !signal.aborted) this.#daily = daily.candles
      this.tick()
      return { wentWell: daily !== undefined }
    })
  }

  end() {
    this.#session.end()
    this.#beside?.session.end()
    this.#stopDay()
  }

  /** Loads more candles on the sides whose end is near. */
  loadAhead() {
    if (this.#screen.isEmpty) return
    if (this.#screen.before < LOAD_AHEAD) void this.#session.loadOlder()
    if (this.#screen.after < LOAD_AHEAD) void this.#session.loadNewer()
  }

  /** @param {string} moment */
  async goTo(moment) {
    await this.#session.goTo(moment)
    const { candles } = this.#session.loaded
    if ((candles.at(-1)?.dateTime ?? moment) < moment) await this.#session.loadNewer()
    if (!this.#screen.isEmpty) this.#screen.centre(moment)
  }

  async goToNewest() {
    await this.#session.goToNewest()
    this.#screen.chart.view.goTo(undefined, this.#screen.bars)
  }

  /**
   * Shows another symbol beside this one, or none.
   *
   * @param {Instrument | undefined} instrument
   */
  compare(instrument) {
    const is = this.#beside?.instrument
    if (is?.source === instrument?.source && is?.symbol === instrument?.symbol) return
    this.#beside?.session.end()
    this.#beside = undefined
    this.#screen.compare(undefined)
    if (instrument === undefined) return
    const compared = new Compared(instrument)
    const view = { ...this.view, ...instrument }
    /** @type {readonly Candle[]} */
    let taken = []
    const session = new Session(view, this.#screen.until, this.#clock, {
      onCandles: () => {
        const { candles } = session.loaded
        if (candles !== taken) compared.take(candles)
        if (candles !== taken) this.#screen.compare(compared)
        taken = candles
        void session.cover(this.#session.loaded)
      },
      onAnswer: () => undefined,
      onNothing: () => this.#screen.compare(compared),
      onTrouble: () => undefined,
    })
    this.#beside = { instrument, session }
    this.#screen.compare(compared)
  }

  /** Updates everything that changes with time alone. */
  tick() {
    const { nowMs } = this.#clock
    this.#screen.tick(nowMs)
    const { newest } = this.#session
    if (newest && !this.#screen.isEmpty) showDay(dayChange(this.#daily, newest.close, nowMs))
  }

  #show() {
    this.#screen.show(this.#session.loaded, this.#session.newest)
    this.#listener.onMessage(READY)
    this.tick()
    this.loadAhead()
    if (this.#beside) void this.#beside.session.cover(this.#session.loaded)
  }
}
