import type { BenchRun } from '../benches.ts'
import { wholeNumber } from '../options.ts'
import { BenchFailed } from '../until.ts'

const MODES = ['scattered', 'history', 'outage', 'trickle'] as const

/** What the candles have to catch up with. */
export type Mode = (typeof MODES)[number]

export const CATCHUP_OPTIONS = {
  scattered: { type: 'boolean' },
  history: { type: 'boolean' },
  outage: { type: 'boolean' },
  trickle: { type: 'boolean' },
  busy: { type: 'boolean' },
  minutes: { type: 'string' },
  ticks: { type: 'string' },
  'outage-minutes': { type: 'string' },
  'full-days': { type: 'string' },
  log: { type: 'string' },
} as const

export interface CatchupOptions {
  readonly mode: Mode
  /** Of live ticks alone, before and after the rest; of a trickle, all that is measured. */
  readonly minutes: number
  /** That are sent beside the live ones. */
  readonly ticks: number
  readonly outageMinutes: number
  /** Days of a tick a second and symbol that lie in the tables before. */
  readonly fullDays: number
  /** True: another process keeps one core busy. */
  readonly isBusy: boolean
  /** Where the functions' log is kept. */
  readonly logFile: string | undefined
}

/** Throws, with what is wanted, unless it is one mode and its numbers. */
export function catchupOptions(run: Pick<BenchRun, 'values'>): CatchupOptions {
  const [mode, ...others] = MODES.filter(name => run.values[name] === true)
  if (mode === undefined || others.length > 0)
    throw new BenchFailed(`one of ${MODES.map(name => `--${name}`).join(', ')} is wanted`)
  const { log } = run.values
  return {
    mode,
    minutes: wholeNumber(run, 'minutes', mode === 'trickle' ? 60 : 5, mode === 'trickle' ? 2 : 1),
    ticks: wholeNumber(run, 'ticks', mode === 'history' ? 10_000_000 : 20_000),
    outageMinutes: wholeNumber(run, 'outage-minutes', 180),
    fullDays: wholeNumber(run, 'full-days', 0, 0),
    isBusy: run.values.busy === true,
    logFile: typeof log === 'string' ? log : undefined,
  }
}
