import { setTimeout as sleep } from 'node:timers/promises'

const MINUTE_MS = 60_000

/**
 * Rollup has the beginning of each minute to itself: a commit beside its own would make it begin once more, a statement
 * would slow down its own. So nothing is begun or committed then, nor begun so late that it would reach into the next minute.
 */
export const SLOT = { fromMs: 10_000, untilMs: 50_000 }

/** Waits while rollup is at work, and for its next turn when that is due soon: after `untilMs` of the minute. */
export async function awaitSlot(nowMs: () => number, untilMs = MINUTE_MS): Promise<void> {
  const intoMinuteMs = nowMs() % MINUTE_MS
  if (intoMinuteMs < SLOT.fromMs) await sleep(SLOT.fromMs - intoMinuteMs)
  if (intoMinuteMs > untilMs) await sleep(MINUTE_MS - intoMinuteMs + SLOT.fromMs)
}
