import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import { loadInputs, type RollupInputs } from '../rollup/rollupInputs.ts'
import type { Services } from '../services.ts'
import type { Days } from './dayCandles.ts'
import { Provable } from './provable.ts'

/** How long, and how it is told. */
export interface Waiting {
  readonly waitMs: number
  /** Between two looks. */
  readonly pauseMs: number
  readonly onProgress: (line: string) => void
}

/** Both tables once no hour of the days is left to be caught up. Throws `NotCaughtUp` when that takes too long. */
export async function caughtUp(
  services: Pick<Services, 'catalog' | 'settings'>,
  days: Days,
  { waitMs, pauseMs, onProgress }: Waiting,
): Promise<RollupInputs> {
  const deadlineMs = performance.now() + waitMs
  for (let most = 0; ; ) {
    const inputs = await loadInputs(services)
    const left = hoursLeft(inputs, days)
    if (left === 0) return inputs
    if (performance.now() >= deadlineMs) throw new NotCaughtUp(left, waitMs)
    most = Math.max(most, left)
    onProgress(`catching up: ${left} of ${most} hours are left`)
    await sleep(pauseMs)
  }
}

/** How many hours of the days are still being caught up. */
export function hoursLeft({ state }: RollupInputs, days: Days): number {
  return new Provable(state).countLeft(days)
}

/** Hours are stale longer than somebody would wait. */
export class NotCaughtUp extends TickhouseError {
  constructor(hours: number, waitMs: number) {
    const left = hours === 1 ? '1 hour is' : `${hours} hours are`
    super(
      'NOT_CAUGHT_UP',
      `after ${waitMs / 1000} s ${left} still being caught up, so nothing was compared: is \`rollup\` at work? Its log says what hinders it; --wait SECONDS waits longer, and without --wait all else is compared`,
      { retryable: true },
    )
  }
}
