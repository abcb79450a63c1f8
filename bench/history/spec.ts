import type { Micros } from '../../lib/market/time.ts'

/** Which history is built: ticks of so many days, and the candles that they make. */
export interface HistorySpec {
  /** Each from midnight to midnight, the last one up to `endUs`. */
  readonly days: number
  readonly symbols: number
  /** The moment after its last tick, a whole minute; candles that end by then are closed. */
  readonly endUs: Micros
  /** How far apart the ticks of a symbol lie: on the last day, and before it. */
  readonly lastDayEverySeconds: number
  readonly everySeconds: number
  /** The same of the ticks that come after the history, where they are measured. */
  readonly liveEverySeconds: number
  /** False: raw ticks alone, for those who compute candles in another way. */
  readonly candles: boolean
}

/** Of the instruments that `produce` makes up: the same ones. */
export const SEED = 1

export const DEFAULT_HISTORY = {
  symbols: 20,
  lastDayEverySeconds: 60,
  everySeconds: 60,
  liveEverySeconds: 1,
  candles: true,
} as const satisfies Partial<HistorySpec>
