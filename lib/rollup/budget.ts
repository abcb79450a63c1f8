/** How much of its minute a call gives to the backlog. */
export interface Budget {
  /** True while a round of the backlog may begin. */
  mayBegin(): boolean
  /** How long a statement that begins now may take, milliseconds. */
  statementMs(): number
}

const MINUTE_MS = 60_000
/** A schedule may fire this early, by this clock: the call is of the minute that is about to begin. */
const EARLY_MS = 2_000
/** From here on the minute belongs to the live candles of the next one: nothing begins, and then no statement runs. */
const BEGIN_UNTIL_MS = 50_000
const RUN_UNTIL_MS = 55_000
/** What a round takes after its statement: reading, writing, and one commit. */
const COMMIT_MS = 10_000

/**
 * Leaves the end of the minute that the call began in alone, and what a commit takes of the function's own time. A call
 * that runs into the next minute is over: that minute has a call of its own, which waits for this one.
 */
export function minuteBudget(nowMs: () => number, remainingMs: () => number): Budget {
  const minuteMs = Math.floor((nowMs() + EARLY_MS) / MINUTE_MS) * MINUTE_MS
  const intoMinuteMs = () => nowMs() - minuteMs
  return {
    mayBegin: () => intoMinuteMs() < BEGIN_UNTIL_MS && remainingMs() > 2 * COMMIT_MS,
    statementMs: () => Math.max(1_000, Math.min(RUN_UNTIL_MS - intoMinuteMs(), remainingMs() - COMMIT_MS)),
  }
}

/** Of a call that has all the time there is. */
export const UNBOUNDED: Budget = { mayBegin: () => true, statementMs: () => 60_000 }
