import type { SymbolShare } from './symbolShare.ts'

/** How much the next round of the backlog takes. */
export interface RoundSize {
  /** Stale hours. */
  readonly hours: number
  /** One hour that is too large is done in this many shares of all symbols. */
  readonly shares: SymbolShare['count']
}

/** What a round took. */
export interface RoundDone {
  /** None where shares of the hour are left. */
  readonly hours: number
  /** Rows that changed. */
  readonly rows: number
  readonly tookMs: number
}

/** A day: one of 20 symbols with a tick a second changes 40,000 rows where it is new. */
const FIRST_HOURS = 24
const MAX_HOURS = 20_000
const MAX_SHARES = 256
/** A statement over several hours that takes longer comes back with half of them. */
export const MAX_ATTEMPT_MS = 20_000
/** The next round may be four times as large after one that was this quick, and twice as large after the other. */
const QUICK_MS = 5_000
const FAIR_MS = 15_000
/** About as many rows one round changes: what is published before the next minute's candles. */
const ROWS_PER_ROUND = 50_000

/**
 * The size of rounds, from call to call of one process: it grows while they are quick and change few rows, and halves when
 * one is too much. A call that began with a day each time would never end where a day takes more than its minute.
 */
export class Pace {
  #hours = FIRST_HOURS
  #shares = 1
  /** What an hour takes, or a share of one. */
  #leastMs = 0

  /** The size of a round that has this much time, as far as is known how long an hour takes; an hour at least. */
  sizeWithin(leftMs: number): RoundSize {
    const inTime = Math.floor(Math.min(leftMs, MAX_ATTEMPT_MS) / this.#leastMs)
    return { hours: Math.max(1, Math.min(this.#hours, inTime)), shares: this.#shares }
  }

  /** False when an hour, or the share of one that is done at once, takes longer as far as is known. */
  fits(leftMs: number): boolean {
    return this.#leastMs <= leftMs
  }

  tell({ hours, rows, tookMs }: RoundDone): void {
    const growth = tookMs < QUICK_MS ? 4 : tookMs < FAIR_MS ? 2 : 1
    const byRows = ROWS_PER_ROUND / Math.max(1, rows)
    if (this.#shares > 1) {
      // What is done of an hour is of use to no other number of shares.
      const fewer = hours === 0 ? 1 : this.#fewer(Math.min(growth, byRows))
      this.#shares /= fewer
      this.#leastMs = tookMs * fewer
      return
    }
    this.#leastMs = tookMs / hours
    // A round may have had fewer than it might: that it was quick says nothing of more.
    const grown = Math.max(this.#hours, hours * growth)
    this.#hours = Math.max(1, Math.min(MAX_HOURS, grown, Math.floor(hours * byRows)))
  }

  /** How many shares may become one, of so many at most. */
  #fewer(most: number): number {
    return [4, 2].find(some => some <= Math.min(most, this.#shares)) ?? 1
  }

  /** A round of so many hours was too much: the next one has half of them. False when it was as small as can be. */
  halve(hours: number): boolean {
    const isLeast = hours === 1 && this.#shares === MAX_SHARES
    if (hours > 1) this.#hours = Math.ceil(hours / 2)
    // What fails even so is not too large: the next hour is tried whole.
    else this.#shares = isLeast ? 1 : 2 * this.#shares
    if (hours === 1) this.#hours = 1
    return !isLeast
  }
}
