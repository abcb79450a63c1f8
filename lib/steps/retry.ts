import { setTimeout } from 'node:timers/promises'

const FIRST_DELAY_MS = 20
const LONGEST_DELAY_MS = 2_000

/** Waits before the attempt after `failures` failed ones: doubling, with jitter so that two losers do not meet again. */
export async function retryDelay(failures: number): Promise<void> {
  const capMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures)
  await setTimeout(capMs * (0.5 + Math.random() / 2))
}
