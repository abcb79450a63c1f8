import type { CandlesState } from '../tables/candlesState.ts'
import type { Days } from './dayCandles.ts'

const HOUR_US = 3_600_000_000
const HOURS_PER_DAY = 24

/** Hours since 1970, as `HourSet` has them. */
interface Hours {
  has(hour: number): boolean
}

type ProvableState = Pick<CandlesState, 'hours' | 'closedUntilUs' | 'held'>

/**
 * What must hold of the candles of a bucket [startUs, endUs), by what the table says of its stale hours. It counts the
 * hours of a bucket by itself: of rollup's code it uses none but the set.
 */
export class Provable {
  readonly #state: ProvableState

  constructor(state: ProvableState) {
    this.#state = state
  }

  /** True when the candles must be what their ticks say. */
  isCurrent(startUs: number, endUs: number): boolean {
    const { hours, held } = this.#state
    // The ticks of what is held were deleted.
    if (touches(held, startUs, endUs)) return false
    return this.#isExact(startUs, endUs) || !touches(hours.stale, startUs, endUs)
  }

  /** True when a coarser candle must at least be what the stored m1 candles say. */
  isPutTogether(startUs: number, endUs: number): boolean {
    return this.isCurrent(startUs, endUs) || !touches(this.#state.hours.damaged, startUs, endUs)
  }

  /** Whether the candles must be closed; undefined where both may be, as one may have closed before its hour was owed. */
  isClosed(startUs: number, endUs: number): boolean | undefined {
    const { hours, closedUntilUs } = this.#state
    if (endUs > closedUntilUs) return false
    const waits = touches(hours.owed, startUs, endUs) || touches(hours.damaged, startUs, endUs)
    return this.#isExact(startUs, endUs) || !waits ? true : undefined
  }

  /** How many hours of the days hold minutes that need not be current. */
  countLeft({ first, last }: Days): number {
    let left = 0
    for (const hour of this.#state.hours.stale.hours()) {
      const day = Math.floor(hour / HOURS_PER_DAY)
      if (day >= first && day <= last && !this.isCurrent(hour * HOUR_US, (hour + 1) * HOUR_US)) left += 1
    }
    return left
  }

  #isExact(startUs: number, endUs: number): boolean {
    const { fromUs, toUs } = this.#state.hours.exact
    return startUs >= fromUs && endUs <= toUs
  }
}

function touches(hours: Hours, startUs: number, endUs: number): boolean {
  for (let hour = Math.floor(startUs / HOUR_US); hour * HOUR_US < endUs; hour++)
    if (hours.has(hour)) return true
  return false
}
