import type { Services } from '../services.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { distance, type OffsetSpan, type OffsetVector, spansBetween } from '../tables/offsetVector.ts'
import { awaitTicks } from './awaitTicks.ts'
import { commitRound } from './commitRound.ts'
import { LARGEST_ROUND, Pace } from './pace.ts'
import { isWorthwhile, planRound, type RoundLimits } from './planRound.ts'
import { readAhead } from './readAhead.ts'
import { inputsOf, loadInputs, type RollupInputs } from './rollupInputs.ts'
import { doRounds } from './rounds.ts'

export type RollupServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'query' | 'settings' | 'log' | 'stages' | 'nowMs'
>

export interface RollupResult {
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
export async function rollupCandles(
  services: RollupServices,
  remainingMs: () => number,
  largest: RoundLimits = LARGEST_ROUND,
): Promise<RollupResult> {
  const { settings, log, stages } = services
  const pace = new Pace(largest)
  const { awaited, inputs: first } = await awaitInputs(services, pace.limits)
  const from = first.state.vector
  let reached = from
  let behind = 0
  let ready: RollupInputs | undefined = first
  /** Where the candles stood when the round before began, if it failed. */
  let failedFrom: OffsetVector | undefined
  const round = async () => {
    const startedMs = performance.now()
    const inputs = ready ?? (await stages.time('metadata', () => loadInputs(services)))
    ready = undefined
    const { vector } = inputs.state
    behind = distance(vector, inputs.ticksVector)
    const isOvertaken = failedFrom !== undefined && distance(failedFrom, vector) > 0
    // Another process may catch up too, such as `sls invoke local`: of two that do, the loser would lose again.
    if (isOvertaken && behind > pace.limits.ticks) return { changed: 0, hasMore: false, progress: { behind } }
    failedFrom = vector
    const planned = await stages.time('metadata', () => planRound(services, inputs, awaited, pace.limits))
    const isCommitted = isWorthwhile(inputs, planned)
    const changed = isCommitted ? await commitRound(services, inputs, planned) : 0
    failedFrom = undefined
    if (isCommitted) reached = planned.state.vector
    pace.tell(performance.now() - startedMs)
    behind = distance(planned.state.vector, inputs.ticksVector)
    return { changed, hasMore: planned.hasMore, progress: { behind } }
  }
  const done = await doRounds(log, { round, halve: () => pace.halve() }, remainingMs)
  const taken = spansBetween(from, reached).map(span => ({ topic: settings.ticksTopic, ...span }))
  return { ...done, behind, taken }
}

/** What a call begins with: what may be closed, unless Kafka's topic is another one than the ticks', and both tables. */
async function awaitInputs(services: RollupServices, limits: RoundLimits) {
  const { catalog, settings, stages } = services
  const candles = await stages.time('metadata', () => loadTable(catalog, CANDLES_TABLE))
  const [awaited] = await Promise.all([awaitTicks(services), readAhead(services, candles, limits)])
  // The candles were loaded before the ticks. Should another call have changed them since, our commit fails and all begins anew.
  const inputs = awaited
    ? inputsOf(settings, candles, awaited.ticks)
    : await stages.time('metadata', () => loadInputs(services))
  return { awaited, inputs }
}
