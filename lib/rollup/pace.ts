import type { RoundLimits } from './planRound.ts'

/** The largest a round may be: what a function of 1 GB holds, and Trino does in seconds. */
export const LARGEST_ROUND: RoundLimits = { ticks: 200_000, files: 1_000, days: 32, storedRows: 400_000 }

/** Of the largest round: the first one of a call, and the least. */
const FIRST_SHARE = 1 / 4
const LEAST_SHARE = 1 / 1_024
/** A round as quick as this may be followed by one twice its size: that ends before Trino's minute is over. */
const QUICK_MS = 20_000

/** How large the next round of a call may be: it grows while rounds are quick, and halves when one takes too long. */
export class Pace {
  readonly #largest: RoundLimits
  #share = FIRST_SHARE

  constructor(largest: RoundLimits) {
    this.#largest = largest
  }

  /** Stored rows do not shrink with the rest: a minute of many symbols touches many, however few its ticks are. */
  get limits(): RoundLimits {
    const { ticks, files, days, storedRows } = this.#largest
    const share = (most: number) => Math.max(1, Math.floor(most * this.#share))
    return { ticks: share(ticks), files: share(files), days: share(days), storedRows }
  }

  /** To be told how long a round took. */
  tell(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#share = Math.min(1, this.#share * 2)
  }

  /** Halves the next round; false when it is as small as can be. */
  halve(): boolean {
    if (this.#share <= LEAST_SHARE) return false
    this.#share /= 2
    return true
  }
}
