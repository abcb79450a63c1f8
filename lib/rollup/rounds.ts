import type { Log } from '../ports.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import { isTooMuchWork } from '../trino/errors.ts'

/** Work that is done in rounds, each of which stands once it is committed. */
export interface RoundWork {
  /** Does the next round; `progress` is for the log. After a failure it begins anew, from what is there then. */
  round(): Promise<RoundResult>
  /** Makes the next round smaller; false when it is as small as can be. */
  halve(): boolean
}

export interface RoundResult {
  /** Rows written. */
  readonly changed: number
  readonly hasMore: boolean
  readonly progress: Readonly<Record<string, unknown>>
}

/** A round that begins ends within this, or fails: its one statement may take 60 s, reading and writing a part of that. */
export const ROUND_MS = 90_000

/**
 * Does rounds until nothing is left, or no time for one more. A lost race, or a commit whose outcome is unknown, begins
 * the round again; one that Trino does not finish comes back at half the size.
 */
export async function doRounds(
  log: Log,
  work: RoundWork,
  remainingMs: () => number,
): Promise<{ rounds: number; changed: number }> {
  const total = { rounds: 0, changed: 0 }
  for (let failures = 0; ; ) {
    const startedMs = performance.now()
    try {
      const { changed, hasMore, progress } = await work.round()
      failures = 0
      total.rounds += 1
      total.changed += changed
      const tookMs = Math.round(performance.now() - startedMs)
      if (hasMore || total.rounds > 1) log.debug('round', { ...total, ...progress, tookMs })
      if (!hasMore || remainingMs() < ROUND_MS) return total
    } catch (error) {
      failures += 1
      if (isUnsureCommit(error) && failures < MAX_ATTEMPTS) await retryDelay(failures)
      else if (!isTooMuchWork(error) || remainingMs() < ROUND_MS || !work.halve()) throw error
      else log.warn('a round took too long and comes back at half the size', { error: error.message })
    }
  }
}
