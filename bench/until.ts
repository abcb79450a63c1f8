import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../lib/errors.ts'

const LOOK_EVERY_MS = 100

/** Waits until the check gives something; gives that. Throws, with what was waited for, when it takes too long. */
export async function until<Found>(
  what: string,
  deadlineS: number,
  check: () => Promise<Found | undefined>,
): Promise<Found> {
  const endMs = performance.now() + deadlineS * 1000
  while (performance.now() < endMs) {
    const found = await check()
    if (found !== undefined) return found
    await sleep(LOOK_EVERY_MS)
  }
  throw new BenchFailed(`not within ${deadlineS} s: ${what}`)
}

/** What was measured is not what should have happened. */
export class BenchFailed extends TickhouseError {
  constructor(message: string) {
    super('BENCH_FAILED', message)
  }
}
