import type { BenchRun } from '../benches.ts'
import { wholeNumber, wholeNumbers } from '../options.ts'

export const VIEWERS_OPTIONS = {
  symbols: { type: 'string' },
  days: { type: 'string' },
  viewers: { type: 'string' },
  seconds: { type: 'string' },
  loads: { type: 'string' },
  minutes: { type: 'string' },
  'check-every': { type: 'string' },
  log: { type: 'string' },
} as const

export interface ViewersOptions {
  /** How many symbols there are, run by run. */
  readonly symbols: readonly number[]
  /** Of history. */
  readonly days: number
  readonly viewers: number
  /** How long they look again and again after their first looks. */
  readonly seconds: number
  /** Of the page, ten a second. */
  readonly loads: number
  /** Without viewers, before them. */
  readonly minutes: number
  /** Of so many answers, one is compared with Trino's. */
  readonly checkEvery: number
  /** Where the functions' log is kept, with the number of symbols at its end. */
  readonly logFile: string | undefined
}

/** The finer candles of a wide history go as far back. */
const LEAST_DAYS = 31

/** Throws, with what is wanted, for a number that cannot be. */
export function viewersOptions(run: Pick<BenchRun, 'values'>): ViewersOptions {
  const { log } = run.values
  return {
    symbols: wholeNumbers(run, 'symbols', '20,5000'),
    days: wholeNumber(run, 'days', 365, LEAST_DAYS),
    viewers: wholeNumber(run, 'viewers', 50),
    seconds: wholeNumber(run, 'seconds', 60),
    loads: wholeNumber(run, 'loads', 200),
    minutes: wholeNumber(run, 'minutes', 3),
    checkEvery: wholeNumber(run, 'check-every', 10),
    logFile: typeof log === 'string' ? log : undefined,
  }
}
