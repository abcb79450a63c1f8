import { setTimeout as sleep } from 'node:timers/promises'
import { CommitConflict, CommitUnknown } from './iceberg/errors.ts'

/** After so many failures in a row the caller is told, and tries again by its own means. */
export const MAX_ATTEMPTS = 8

const FIRST_DELAY_MS = 20
const LONGEST_DELAY_MS = 2_000

/** True for a commit that was not applied, or that may have been: to be looked at anew from the table as it is then. */
export function isUnsureCommit(error: unknown): boolean {
  return error instanceof CommitConflict || error instanceof CommitUnknown
}

/** Waits before the attempt after `failures` failed ones: doubling, with jitter so that two losers do not meet again. */
export async function retryDelay(failures: number): Promise<void> {
  const capMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures)
  await sleep(capMs * (0.5 + Math.random() / 2))
}
