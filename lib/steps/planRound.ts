import type { TimeRange } from '../market/range.ts'
import type { CandlesState } from '../tables/candlesTable.ts'
import { advance, distance, type OffsetVector, towards, UNKNOWN_TIME } from '../tables/offsetVector.ts'
import { type Awaited, reaches } from './awaitTicks.ts'
import { chooseRound } from './chooseRound.ts'
import { findTouches } from './findTouches.ts'
import type { RollupInputs } from './rollupInputs.ts'
import type { Services } from './services.ts'

/** What one round takes in, and what the candles table's summary says after it (but for the stamp). */
export interface Round {
  readonly minutes: readonly TimeRange[]
  readonly state: CandlesState
}

const MAX_TICKS_PER_ROUND = 300_000
const MAX_DAYS_PER_ROUND = 32
/** Progress over bad ticks alone is worth a commit when so many offsets have piled up. */
const WORTH_A_COMMIT = 1_000

/** Takes a bounded number of the new ticks, on a bounded number of days; closes what is due when that is all of them. */
export async function planRound(
  services: Pick<Services, 'store' | 'query' | 'settings'>,
  { dueUs, ends }: Awaited,
  { ticks, ticksVector, state }: RollupInputs,
): Promise<Round> {
  const reachable = towards(state.vector, ticksVector, MAX_TICKS_PER_ROUND)
  const hasNews = distance(state.vector, reachable) > 0
  const touches = hasNews
    ? await findTouches(services, ticks, state.vector, reachable, state.ticksSequence)
    : []
  const { stops, minutes } = chooseRound(touches, MAX_DAYS_PER_ROUND)
  const vector: OffsetVector = advance(
    reachable,
    stops.map(stop => ({ ...stop, timestampMs: UNKNOWN_TIME })),
  )
  const isComplete = distance(vector, ticksVector) === 0
  const mayClose = isComplete && reaches(vector, ends)
  return {
    minutes,
    state: {
      ...state,
      vector,
      ticksSequence: isComplete ? ticks.metadata.lastSequenceNumber : state.ticksSequence,
      closedUntilUs: mayClose ? Math.max(state.closedUntilUs, dueUs) : state.closedUntilUs,
    },
  }
}

/** False when no candle can change and no progress needs to be kept: then Trino is not asked either. */
export function isWorthwhile({ state: before }: RollupInputs, { minutes, state }: Round): boolean {
  return (
    minutes.length > 0 ||
    state.closedUntilUs > before.closedUntilUs ||
    distance(before.vector, state.vector) >= WORTH_A_COMMIT
  )
}
