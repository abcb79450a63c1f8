import type { BenchRun } from '../benches.ts'
import { wholeNumber } from '../options.ts'
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
export function soakOptions(run: BenchRun): SoakOptions {
  const commitEveryS = wholeNumber(run, 'commit-every', 10)
  if (!COMMITS_EVERY_S.includes(commitEveryS))
    throw new BenchFailed(
      `--commit-every ${commitEveryS} cannot be: one of ${COMMITS_EVERY_S.join(', ')} is wanted`,
    )
  return {
    minutes: wholeNumber(run, 'minutes', 1_440, LEAST_MINUTES),
    commitEveryS,
    retentionMinutes: wholeNumber(run, 'retention-minutes', 60, 5),
  }
}
