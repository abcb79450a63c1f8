import type { LiveFile } from '../iceberg/dataFile.ts'
import { planFiles } from '../iceberg/plan.ts'
import type { TimeRange } from '../market/range.ts'
import { MINUTE_US } from '../market/time.ts'
import type { Services } from '../services.ts'
import type { CandlesState, PendingClose } from '../tables/candlesTable.ts'
import { distance, type OffsetVector, towards } from '../tables/offsetVector.ts'
import { chooseRound } from './chooseRound.ts'
import { type NewTicks, readNewTicks, sequenceBelow } from './newTicks.ts'
import { dueNow, stillPending } from './pendingCloses.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { chooseClosing, mayHoldCandles, rowsIn } from './storedCandles.ts'

/** What one round takes in, and what the candles table's summary says after it (but for the stamp). */
export interface Round {
  readonly minutes: readonly TimeRange[]
  /** The files that hold, or may hold, what the round changes. */
  readonly stored: readonly LiveFile[]
  readonly state: CandlesState
  /** True when another round can take in or close more. */
  readonly hasMore: boolean
}

/** How much one round may be. */
export interface RoundLimits {
  /** Offsets of new ticks. */
  readonly ticks: number
  /** Files of new ticks. */
  readonly files: number
  /** Days that ticks fall on. */
  readonly days: number
  /** Rows of candle files that are read, and maybe written again. */
  readonly storedRows: number
}

/** Progress over bad ticks alone is worth a commit when so many offsets have piled up. */
const WORTH_A_COMMIT = 1_000

/** Takes a bounded number of the new ticks, and closes as many of the candles that are due as may be in one round. */
export async function planRound(
  services: Pick<Services, 'store' | 'topicLog' | 'settings'>,
  inputs: RollupInputs,
  awaited: PendingClose | undefined,
  limits: RoundLimits,
): Promise<Round> {
  const { candles, ticks, ticksVector, state } = inputs
  const [files, news] = await Promise.all([
    planFiles(services.store, candles),
    distance(state.vector, ticksVector) > 0 ? readNewTicks(services.store, inputs, limits) : undefined,
  ])
  const { vector, minutes, stored } =
    news === undefined ? nothingNew(ticksVector) : chooseTicks(news, files, state.vector, limits)
  const closes = awaited === undefined ? state.pending : [...state.pending, awaited]
  const dueUs = (await dueNow(services, vector, closes)) ?? state.closedUntilUs
  const touched = new Set(stored)
  const left = files.filter(file => !touched.has(file))
  const closing = chooseClosing(left, state.closedUntilUs, dueUs, limits.storedRows - rowsIn(stored))
  const isComplete = distance(vector, ticksVector) === 0
  return {
    minutes,
    stored: [...stored, ...closing.files],
    state: {
      ...state,
      vector,
      ticksSequence:
        isComplete || news === undefined ? ticks.metadata.lastSequenceNumber : sequenceBelow(news, vector),
      closedUntilUs: closing.untilUs,
      pending: stillPending(closes, vector, closing.untilUs),
    },
    hasMore: !isComplete || closing.untilUs < dueUs,
  }
}

function nothingNew(vector: OffsetVector) {
  return { vector, minutes: [], stored: [] }
}

/**
 * As much from the front as the limits allow; where that touches too many stored candles, half of it, and so on. But
 * as many as twice what the first minute alone touches are never too many: fewer ticks would not make them fewer.
 */
function chooseTicks(
  { touches, reachable }: NewTicks,
  files: readonly LiveFile[],
  from: OffsetVector,
  { days, storedRows }: RoundLimits,
) {
  let within = reachable
  let most = storedRows
  for (;;) {
    const { vector, minutes } = chooseRound(touches, within, days)
    const stored = mayHoldCandles(files, minutes)
    const size = distance(from, vector)
    if (rowsIn(stored) <= most || size <= 1) return { vector, minutes, stored }
    most = Math.max(most, 2 * rowsIn(mayHoldCandles(files, firstMinute(minutes))))
    within = towards(from, vector, Math.floor(size / 2))
    if (distance(from, within) >= size) return { vector, minutes, stored }
  }
}

function firstMinute([first]: readonly TimeRange[]): TimeRange[] {
  return first === undefined ? [] : [{ fromUs: first.fromUs, toUs: first.fromUs + MINUTE_US }]
}

/** False when no candle can change and no progress needs to be kept: then Trino is not asked either. */
export function isWorthwhile({ state: before }: RollupInputs, { minutes, state }: Round): boolean {
  return (
    minutes.length > 0 ||
    state.closedUntilUs > before.closedUntilUs ||
    distance(before.vector, state.vector) >= WORTH_A_COMMIT
  )
}
