import { cutAtMidnights, type TimeRange } from '../market/range.ts'
import { formatDateTime } from '../market/time.ts'
import { distance } from '../tables/offsetVector.ts'
import { awaitTicks } from './awaitTicks.ts'
import { commitRound } from './commitRound.ts'
import { isWorthwhile, planRound } from './planRound.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from './retry.ts'
import { loadInputs } from './rollupInputs.ts'
import type { Services } from './services.ts'

export type RollupServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'query' | 'settings' | 'nowMs'>

export interface TakenIn {
  readonly rounds: number
  /** Rows written: candles that are new, changed or closed. */
  readonly changed: number
  /** Offsets of ticks that the candles do not have yet: for the next call. */
  readonly behind: number
}

export interface Recomputed {
  readonly rounds: number
  /** Rows written: candles that were not as their ticks say. */
  readonly changed: number
  /** Where to go on when time ran out: the same request with this `from`. */
  readonly next?: string
}

/** A round ends within this, or fails: its one statement may take 60 s. */
const ROUND_MS = 75_000

/**
 * Brings `market_data.candles` up to the ticks: in bounded rounds, each one commit on exactly the version that it was
 * computed from. A lost race, or a commit whose outcome is unknown, begins the round again from what is there then.
 * Run twice at once, or again, it changes nothing that is right already. `remainingMs` tells how long it may take.
 */
export async function takeInTicks(services: RollupServices, remainingMs: () => number): Promise<TakenIn> {
  const awaited = await awaitTicks(services)
  const total = { rounds: 0, changed: 0, behind: 0 }
  do {
    const round = await persistently(async () => {
      const inputs = await loadInputs(services)
      const planned = await planRound(services, awaited, inputs)
      const changed = isWorthwhile(inputs, planned) ? await commitRound(services, inputs, planned) : 0
      return { changed, behind: distance(planned.state.vector, inputs.ticksVector) }
    })
    total.rounds += 1
    total.changed += round.changed
    total.behind = round.behind
  } while (total.behind > 0 && remainingMs() > ROUND_MS)
  return total
}

/** Computes the candles of a stretch anew, day by day, from the ticks that the candles are made of; repairs what differs. */
export async function recompute(
  services: RollupServices,
  range: TimeRange,
  remainingMs: () => number,
): Promise<Recomputed> {
  const total = { rounds: 0, changed: 0 }
  for (const piece of cutAtMidnights(range)) {
    if (total.rounds > 0 && remainingMs() < ROUND_MS) return { ...total, next: formatDateTime(piece.fromUs) }
    total.changed += await persistently(async () => {
      const inputs = await loadInputs(services)
      return commitRound(services, inputs, { minutes: [piece], state: inputs.state })
    })
    total.rounds += 1
  }
  return total
}

async function persistently<Result>(round: () => Promise<Result>): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await round()
    } catch (error) {
      if (!isUnsureCommit(error) || failures === MAX_ATTEMPTS) throw error
      await retryDelay(failures)
    }
  }
}
