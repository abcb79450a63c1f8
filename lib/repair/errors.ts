import { TickhouseError } from '../errors.ts'
import type { HeldStretch } from '../rollup/heldHours.ts'

/** The ticks of the stretch were deleted, and its candles are kept. */
export class CandlesHeld extends TickhouseError {
  constructor({ firstDay, lastDay, hours }: HeldStretch) {
    super(
      'CANDLES_HELD',
      `the ticks of ${hours} hours of the stretch, from ${firstDay} to ${lastDay}, were deleted and their candles are kept as they are, so there is nothing to recompute them from: --follow-ticks recomputes them all the same, and removes those that have no ticks`,
    )
  }
}
