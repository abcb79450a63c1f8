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

/** The outcome of one request. Its time ends with the last byte of the body. */
export interface Look {
  readonly question: Question
  readonly sentAtMs: number
  readonly tookMs: number
  /** Undefined on success; else the status, or `message` (a 200 with an error inside), `timeout` or `network`. */
  readonly error?: string
  /** The commit that the viewer sees after this look. */
  readonly version?: Version
  /** Undefined for a 304, and on failure. */
  readonly candles?: readonly AnsweredCandle[]
}

/** The candles of one timeframe that a viewer has on the screen. */
interface Seen {
  readonly candles: readonly AnsweredCandle[]
  readonly version: Version
  /** The path that was asked for last; `tag` is that of its answer. */
  readonly path: string
  readonly tag: string | undefined
}

/** The timeout of page/api.js. */
const TIMEOUT_MS = 25_000
/** The pause between the end of a look and the next one. */
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
    // A browser sends a tag only to the address that it came from.
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

  /** Keeps looking until `untilMs`, by `Date.now()`. */
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

/** The earlier candles that the new ones do not replace, and the new ones. */
function joined(seen: Seen | undefined, { candles, version }: Candles): Candles {
  const first = candles[0]?.dateTime
  const before =
    seen === undefined || first === undefined ? [] : seen.candles.filter(({ dateTime }) => dateTime < first)
  return { candles: [...before, ...candles], version }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name)
}
