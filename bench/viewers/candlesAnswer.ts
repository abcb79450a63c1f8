import type { Answer } from './browser.ts'

/** A candle as `GET /candles` gives it; times are ISO texts. */
export interface AnsweredCandle {
  readonly dateTime: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly closed: boolean
  readonly revision: number
  readonly updatedAt: string
  /** True for a candle with uncommitted ticks. */
  readonly live?: boolean
}

/** The query of one look: the newest candles, at most `LIMIT`. */
export interface Question {
  readonly source: string
  readonly symbol: string
  readonly timeframe: string
  /** An ISO text: candles that begin at or after it. */
  readonly from?: string | undefined
}

/** The limit of `candlesRequest` where none is asked for. */
export const LIMIT = 500

/** The commit of candles that an answer comes from, by its time. */
export interface Version {
  readonly committedAtMs: number
}

export interface Candles {
  readonly candles: readonly AnsweredCandle[]
  readonly version: Version
}

export function pathOf({ source, symbol, timeframe, from }: Question): string {
  const query = new URLSearchParams({ source, symbol, timeframe, ...(from === undefined ? {} : { from }) })
  return `/candles?${query}`
}

/** Reads an answer with status 200; undefined where a field of it is missing. */
export function readAnswer({ body }: Answer): Candles | undefined {
  const { candles, status } = parse(body)
  if (!Array.isArray(candles) || status === undefined) return undefined
  return { candles, version: { committedAtMs: Date.parse(status.committedAt) } }
}

interface Body {
  readonly candles?: readonly AnsweredCandle[]
  readonly status?: { readonly committedAt: string }
}

function parse(body: string): Body {
  try {
    return JSON.parse(body) as Body
  } catch {
    return {}
  }
}
