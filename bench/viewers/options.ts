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
  /** The number of symbols of each run. */
  readonly symbols: readonly number[]
  /** Days of history. */
  readonly days: number
  readonly viewers: number
  /** The time that viewers keep looking after their first looks. */
  readonly seconds: number
  /** Loads of the page, ten a second. */
  readonly loads: number
  /** Minutes that are measured without viewers, before these come. */
  readonly minutes: number
  /** One answer in this many is compared with Trino's. */
  readonly checkEvery: number
  /** The file of the functions' log; the number of symbols is added to its name. */
  readonly logFile: string | undefined
}

/** The days that the finer candles of a wide history need. */
const LEAST_DAYS = 31

/** Reads the options. Throws for a number out of range, and names the range. */
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
