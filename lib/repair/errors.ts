import { TickhouseError } from '../errors.ts'
import { formatDateTime, type Micros } from '../market/time.ts'

/** The ticks of the stretch were deleted, and its candles are kept. */
export class CandlesHeld extends TickhouseError {
  constructor(heldBeforeUs: Micros) {
    super(
      'CANDLES_HELD',
      `the ticks before ${formatDateTime(heldBeforeUs)} were deleted and their candles are kept as they are, so there is nothing to recompute them from: --follow-ticks recomputes them all the same, and removes those that have no ticks`,
    )
  }
}
