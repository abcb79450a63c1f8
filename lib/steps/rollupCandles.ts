import { CommitConflict, CommitUnknown } from '../iceberg/errors.ts'
import type { TimeRange } from '../market/range.ts'
import { distance } from '../tables/offsetVector.ts'
import { type Awaited, awaitTicks } from './awaitTicks.ts'
import { commitRound } from './commitRound.ts'
import { pieces } from './pieces.ts'
import { isWorthwhile, planRound, type Round } from './planRound.ts'
import { retryDelay } from './retry.ts'
import { loadInputs } from './rollupInputs.ts'
import type { Services } from './services.ts'

export type RollupServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'query' | 'settings' | 'log' | 'nowMs'
>

export interface RollupRequest {
  /** Recompute the candles that ticks of this stretch fall into, whatever is stored; otherwise: take in new ticks. */
  readonly range?: TimeRange
  /** Milliseconds until the function is ended; no round begins when too few are left. */
  readonly remainingMs: () => number
}

export interface RollupResult {
  readonly rounds: number
  /** Rows written: candles that are new, changed or closed. */
  readonly changed: number
  /** Offsets of ticks that the candles do not have yet. */
  readonly behind: number
}

type RoundResult = Omit<RollupResult, 'rounds'>

const MAX_ATTEMPTS = 8
/** A round ends within this, or fails: its one statement may take 60 s. */
const ROUND_MS = 75_000

/**
 * Brings `market_data.candles` up to the ticks: in bounded rounds, each one commit on exactly the version that it was
 * computed from. A lost race, or a commit whose outcome is unknown, begins the round again from what is there then.
 * Run twice at once, or again, it changes nothing that is right already.
 */
export async function rollupCandles(
  services: RollupServices,
  { range, remainingMs }: RollupRequest,
): Promise<RollupResult> {
  const awaited = await awaitTicks(services)
  const total = { rounds: 0, changed: 0, behind: 0 }
  const rounds = range === undefined ? repeatWhile(() => total.behind > 0) : pieces(range)
  for (const piece of rounds) {
    if (total.rounds > 0 && remainingMs() < ROUND_MS) break
    const { changed, behind } = await persistently(() => roundOnce(services, awaited, piece))
    total.rounds += 1
    total.changed += changed
    total.behind = behind
  }
  return total
}

function* repeatWhile(more: () => boolean): Generator<undefined> {
  do yield undefined
  while (more())
}

async function persistently<Result>(round: () => Promise<Result>): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await round()
    } catch (error) {
      const unsure = error instanceof CommitConflict || error instanceof CommitUnknown
      if (!unsure || failures === MAX_ATTEMPTS) throw error
      await retryDelay(failures)
    }
  }
}

async function roundOnce(
  services: RollupServices,
  awaited: Awaited,
  piece: TimeRange | undefined,
): Promise<RoundResult> {
  const inputs = await loadInputs(services)
  const round: Round =
    piece === undefined
      ? await planRound(services, awaited, inputs)
      : { minutes: [piece], state: inputs.state }
  const changed = isWorthwhile(inputs, round) ? await commitRound(services, inputs, round) : 0
  return { changed, behind: distance(round.state.vector, inputs.ticksVector) }
}
