import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Browser } from './browser.ts'
import {
  type AnsweredCandle,
  type Candles,
  pathOf,
  type Question,
  readAnswer,
  type Version,
} from './candlesAnswer.ts'

/** What became of one request. `took` counts to the last byte of the body. */
export interface Look {
  readonly question: Question
  readonly sentAtMs: number
  readonly tookMs: number
  /** Undefined where it went well; else the status, or `message` (a 200 with an error inside), `timeout`, `network`. */
  readonly error?: string
  /** The commit that the viewer sees after this look. */
  readonly version?: Version
  /** Undefined where nothing was new. */
  readonly candles?: readonly AnsweredCandle[]
}

/** What of a timeframe is on a viewer's screen. */
interface Seen {
  readonly candles: readonly AnsweredCandle[]
  readonly version: Version
  /** The address that was asked, and the tag of its answer. */
  readonly path: string
  readonly tag: string | undefined
}

/** As page/api.js has it. */
const TIMEOUT_MS = 25_000
/** As page/session.js has it: between the end of a look and the next one. */
const LOOK_EVERY_MS = 2_000

/** Somebody with the page open: looks at candles of one symbol as page/session.js does. */
export class Viewer {
  readonly looks: Look[] = []
  readonly #browser: Browser
  readonly #instrument: Pick<Question, 'source' | 'symbol'>
  readonly #seen = new Map<string, Seen>()

  constructor(browser: Browser, instrument: Pick<Question, 'source' | 'symbol'>) {
    this.#browser = browser
    this.#instrument = instrument
  }

  /** Asks for the newest candles of a timeframe; once they are there, for those from the last but one on. */
  async look(timeframe: string): Promise<Look> {
    const seen = this.#seen.get(timeframe)
    const question = { ...this.#instrument, timeframe, from: seen?.candles.at(-2)?.dateTime }
    const path = pathOf(question)
    // A browser asks with the tag of the very address.
    const tag = seen?.path === path ? seen.tag : undefined
    const sentAtMs = Date.now()
    const startedMs = performance.now()
    const outcome = await this.#browser
      .get(path, TIMEOUT_MS, tag === undefined ? {} : { 'if-none-match': tag })
      .then(
        answer => this.#take(timeframe, path, answer),
        (error: unknown) => ({ error: isTimeout(error) ? 'timeout' : 'network' }),
      )
    const look = { question, sentAtMs, tookMs: performance.now() - startedMs, ...outcome }
    this.looks.push(look)
    return look
  }

  /** Looks again and again until the moment (by `Date.now()`) is over. */
  async keepUp(timeframe: string, untilMs: number): Promise<void> {
    while (Date.now() + LOOK_EVERY_MS < untilMs) {
      await sleep(LOOK_EVERY_MS)
      await this.look(timeframe)
    }
  }

  #take(timeframe: string, path: string, answer: Answer): Pick<Look, 'error' | 'version' | 'candles'> {
    const seen = this.#seen.get(timeframe)
    if (answer.status === 304 && seen?.path === path) return { version: seen.version }
    if (answer.status !== 200) return { error: String(answer.status) }
    const read = readAnswer(answer)
    if (read === undefined) return { error: 'message' }
    this.#seen.set(timeframe, { ...joined(seen, read), path, tag: answer.headers.etag })
    return read
  }
}

/** The candles of before that the new ones do not replace, and these. */
function joined(seen: Seen | undefined, { candles, version }: Candles): Candles {
  const first = candles[0]?.dateTime
  const before =
    seen === undefined || first === undefined ? [] : seen.candles.filter(({ dateTime }) => dateTime < first)
  return { candles: [...before, ...candles], version }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name)
}
