import type { BenchRun } from '../benches.ts'
import { BenchFailed } from '../until.ts'

/** How long a run is, and how busy. */
export interface SoakOptions {
  readonly minutes: number
  /** Simulated seconds from one commit of ingest to the next. */
  readonly commitEveryS: number
  readonly retentionMinutes: number
}

/** Maintenance has the time from :20 to :50 of a minute: a commit must fall before that. */
const COMMITS_EVERY_S = [1, 2, 4, 5, 10, 20]
/** Ratio and thirds mean nothing below. */
const LEAST_MINUTES = 30

export const SOAK_OPTIONS = {
  minutes: { type: 'string' },
  'commit-every': { type: 'string' },
  'retention-minutes': { type: 'string' },
} as const

/** Checks what was given on the command line. */
export function soakOptions({ values }: BenchRun): SoakOptions {
  const whole = (name: keyof typeof SOAK_OPTIONS, fallback: number, isRight: (n: number) => boolean) => {
    const given = Number(values[name] ?? fallback)
    if (Number.isSafeInteger(given) && isRight(given)) return given
    throw new BenchFailed(`--${name} ${values[name]} cannot be: see --help`)
  }
  return {
    minutes: whole('minutes', 1_440, n => n >= LEAST_MINUTES),
    commitEveryS: whole('commit-every', 10, n => COMMITS_EVERY_S.includes(n)),
    retentionMinutes: whole('retention-minutes', 60, n => n >= 5),
  }
}
