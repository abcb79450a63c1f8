import { distance, type OffsetSpan, type OffsetVector, spansBetween } from '../tables/offsetVector.ts'
import { awaitTicks } from './awaitTicks.ts'
import { commitRound } from './commitRound.ts'
import { LARGEST_ROUND, Pace } from './pace.ts'
import { isWorthwhile, planRound, type RoundLimits } from './planRound.ts'
import { loadInputs } from './rollupInputs.ts'
import { doRounds } from './rounds.ts'
import type { Services } from './services.ts'

export type RollupServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'query' | 'settings' | 'log' | 'nowMs'
>

export interface TakenIn {
  readonly rounds: number
  /** Rows written: candles that are new, changed or closed. */
  readonly changed: number
  /** Offsets of ticks that the candles do not have yet: for the next call. */
  readonly behind: number
  /** The ticks that the candles have now and did not have before. */
  readonly taken: readonly (OffsetSpan & { topic: string })[]
}

/**
 * Brings `market_data.candles` up to the ticks: in bounded rounds, each one commit on exactly the version that it was
 * computed from. Run twice at once, or again, it changes nothing that is right already. `remainingMs` tells how long it
 * may take; what is left then is for the next call, and what another call is catching up on is left to that.
 */
export async function takeInTicks(
  services: RollupServices,
  remainingMs: () => number,
  largest: RoundLimits = LARGEST_ROUND,
): Promise<TakenIn> {
  const awaited = await awaitTicks(services)
  const pace = new Pace(largest)
  let behind = 0
  let triedFrom: OffsetVector | undefined
  let from: OffsetVector | undefined
  let to: OffsetVector | undefined
  const round = async () => {
    const startedMs = performance.now()
    const inputs = await loadInputs(services)
    const { vector } = inputs.state
    behind = distance(vector, inputs.ticksVector)
    const isOvertaken = triedFrom !== undefined && distance(triedFrom, vector) > 0
    // Schedules do not wait for a call that takes longer than a minute: of two that catch up, the loser would lose again.
    if (isOvertaken && behind > pace.limits.ticks) return { changed: 0, hasMore: false, progress: { behind } }
    triedFrom = vector
    from ??= vector
    const planned = await planRound(services, inputs, awaited, pace.limits)
    const isCommitted = isWorthwhile(inputs, planned)
    const changed = isCommitted ? await commitRound(services, inputs, planned) : 0
    if (isCommitted) to = planned.state.vector
    triedFrom = undefined
    pace.tell(performance.now() - startedMs)
    behind = distance(planned.state.vector, inputs.ticksVector)
    return { changed, hasMore: planned.hasMore, progress: { behind } }
  }
  const done = await doRounds(services.log, { round, halve: () => pace.halve() }, remainingMs)
  const topic = services.settings.ticksTopic
  const taken = from && to ? spansBetween(from, to).map(span => ({ topic, ...span })) : []
  return { ...done, behind, taken }
}
