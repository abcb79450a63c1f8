import { setTimeout as sleep } from 'node:timers/promises'
import type { TickhouseError } from '../errors.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { asOf } from '../iceberg/lineage.ts'
import { perStore } from '../iceberg/parsedFiles.ts'
import type { Table } from '../iceberg/table.ts'
import { HourSet } from '../market/hours.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import type { Services } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { foreignTicksSince } from '../tables/foreignTicks.ts'
import { loadTable } from '../tables/layout.ts'
import { distance, type OffsetSpan, type OffsetVector, spansBetween } from '../tables/offsetVector.ts'
import { TICKS_TABLE } from '../tables/ticksTable.ts'
import { isTooMuchWork, isWithoutNodes, QueryFailed } from '../trino/errors.ts'
import { type AwaitedTicks, awaitTicks } from './awaitTicks.ts'
import {
  type Backlog,
  type BacklogRound,
  type BacklogWork,
  backlogRound,
  hoursOfRound,
} from './backlogRound.ts'
import type { Budget } from './budget.ts'
import { TooManyMinutes } from './foldMinutes.ts'
import { type LiveRound, type LiveStart, liveRound } from './liveRound.ts'
import { mayCloseLater } from './mayCloseLater.ts'
import { MAX_ATTEMPT_MS, Pace } from './pace.ts'
import { readAhead } from './readAhead.ts'
import { checkTicks, inputsOf, loadInputs, type RollupInputs } from './rollupInputs.ts'
import { type HoursToDo, hoursToDo, withoutHours } from './staleHours.ts'

export type RollupServices = Pick<
  Services,
  'catalog' | 'store' | 'topicLog' | 'query' | 'settings' | 'log' | 'stages' | 'nowMs'
>

export interface RollupResult {
  /** Commits: live ones and those of the backlog. */
  readonly rounds: number
  /** Rows written: candles that are new, changed, closed or removed. */
  readonly changed: number
  /** Offsets of ticks that the candles do not have yet: for the next call. */
  readonly behind: number
  /** Hours of the backlog that were done, and those that are left. */
  readonly hoursDone: number
  readonly hoursStale: number
  /** The ticks that were taken in and were not before. */
  readonly taken: readonly (OffsetSpan & { topic: string })[]
}

/**
 * Brings `market_data.candles` up to the ticks. First the live candles: one commit takes in all new ticks, recomputes the
 * minutes around now that they touch, and marks the hours of the others. Then, in what the budget leaves of the minute,
 * hours that are stale. Each commit is made on exactly the version that it was computed from. Run twice at once, or again,
 * it changes nothing that is right already. `onChange` is called after each commit that changed candles.
 */
export async function rollupCandles(
  services: RollupServices,
  budget: Budget,
  onChange: () => void = () => {},
): Promise<RollupResult> {
  const { inputs, ...start } = await awaitInputs(services)
  const rollup = new Rollup(services, budget, onChange, inputs.state)
  await rollup.run(inputs, { ...start, since: inputs.state.vector })
  return rollup.result()
}

/** What a call begins with: what may be closed, unless Kafka's topic is another one than the ticks', and both tables. */
async function awaitInputs(services: RollupServices) {
  const { catalog, settings, stages } = services
  const candles = await stages.time('metadata', () => loadTable(catalog, CANDLES_TABLE))
  const reading = readAhead(services, candles)
  const awaited = await awaitClose(services)
  const ahead = await Promise.race([reading, sleep(AHEAD_MS, undefined, { ref: false })])
  // The candles were loaded before the ticks. If another call has changed them since, our commit fails, and the round begins again.
  const inputs = awaited
    ? inputsOf(settings, candles, awaited.ticks)
    : await stages.time('metadata', () => loadInputs(services))
  return { awaited, ahead, inputs }
}

/**
 * Like `awaitTicks`, but undefined where Kafka does not answer or does not have the topic that was read. Then candles are
 * computed from the ticks that are in, and closed by a later call.
 */
async function awaitClose(services: RollupServices): Promise<AwaitedTicks | undefined> {
  try {
    return await awaitTicks(services)
  } catch (error) {
    if (!mayCloseLater(error)) throw error
    services.log.warn('nothing can be closed now', { code: error.code, error: error.message })
    return undefined
  }
}

/** The pace of a process, from call to call. */
const paceOf = perStore(() => new Pace())
/** Hours that failed by themselves in this process, and were not done since. They come last: each may take a call's time. */
const stuckOf = perStore(() => ({ hours: HourSet.EMPTY }))

/** Longer than this the round does not wait for what was folded ahead. */
const AHEAD_MS = 1_000

/** One call's work: live rounds first, then those of the backlog; after a lost race, from the start again. */
class Rollup {
  readonly #services: RollupServices
  readonly #budget: Budget
  readonly #onChange: () => void
  readonly #from: OffsetVector
  readonly #pace: Pace
  readonly #stuck: { hours: HourSet }
  readonly #total = { rounds: 0, changed: 0, hoursDone: 0 }
  #state: CandlesState
  #behind = 0

  constructor(services: RollupServices, budget: Budget, onChange: () => void, state: CandlesState) {
    this.#services = services
    this.#pace = paceOf(services.store)
    this.#stuck = stuckOf(services.store)
    this.#budget = budget
    this.#onChange = onChange
    this.#from = state.vector
    this.#state = state
  }

  async run(first: RollupInputs, start: LiveStart): Promise<void> {
    let inputs: RollupInputs | undefined = first
    for (let failures = 0; ; ) {
      try {
        inputs ??= await this.#services.stages.time('metadata', () => loadInputs(this.#services))
        const { backlog, flooded } = await this.#doLive(inputs, start)
        failures = 0
        await this.#doBacklog(backlog, flooded)
        return
      } catch (error) {
        inputs = undefined
        failures += 1
        if (!isUnsureCommit(error)) throw error
        // It may have happened: then the next round finds nothing to do, and says so to nobody.
        this.#onChange()
        if (failures >= MAX_ATTEMPTS) throw error
        await retryDelay(failures)
      }
    }
  }

  result(): RollupResult {
    const { ticksTopic } = this.#services.settings
    const { vector, hours } = this.#state
    return {
      ...this.#total,
      behind: this.#behind,
      hoursStale: hours.stale.size,
      taken: spansBetween(this.#from, vector).map(span => ({ topic: ticksTopic, ...span })),
    }
  }

  /** Live rounds until all that is due is closed. */
  async #doLive(
    { ...inputs }: RollupInputs,
    start: LiveStart,
  ): Promise<{ backlog: Omit<Backlog, 'ticks'>; flooded: HourSet }> {
    let { candles, state } = inputs
    let flooded = HourSet.EMPTY
    let round: LiveRound
    this.#behind = distance(state.vector, inputs.ticksVector)
    do {
      round = await liveRound(this.#services, { ...inputs, candles, state }, start)
      flooded = flooded.union(round.flooded)
      if (round.committed === undefined) {
        candles = round.looked.candles
        state = round.looked.state
        break
      }
      candles = round.committed.table
      state = round.committed.state
      this.#tell(round.committed)
    } while (round.hasMore)
    this.#state = state
    this.#behind = distance(state.vector, inputs.ticksVector)
    return { backlog: { candles, state }, flooded }
  }

  /**
   * Rounds of the backlog while there is work and time. What fails comes back at half the size; an hour that fails by itself
   * is left to a later call, and the others go on. Throws in the end what the last such hour threw.
   */
  async #doBacklog(first: Omit<Backlog, 'ticks'>, flooded: HourSet): Promise<void> {
    let { candles, state } = first
    let failed = HourSet.EMPTY
    let failure: TickhouseError | undefined
    for (let rounds = 0; ; rounds++) {
      const hours = hoursToDo(state.hours, { flooded, failed }, this.#services.nowMs() * 1000)
      const open = withoutHours(hours, failed)
      const left = open.damaged.union(open.owed).union(open.sweep).size
      const leftMs = this.#budget.statementMs()
      const isTime = this.#budget.mayBegin() && (rounds === 0 || this.#pace.fits(leftMs))
      if (left === 0 || !isTime) break
      const { shares, ...size } = this.#pace.sizeWithin(leftMs)
      const chosen = await hoursOfRound(this.#services, { candles, hours: this.#stuckLast(open) }, size.hours)
      const timeoutMs = chosen.size > 1 ? Math.min(MAX_ATTEMPT_MS, leftMs) : leftMs
      const work = { hours: chosen, shares, timeoutMs }
      const ticks = await this.#ticksAsSeen(state)
      if (ticks === undefined) break
      try {
        const done = await this.#doHours({ ticks, candles, state: { ...state, hours } }, work, left)
        candles = done.table
        state = done.state
        this.#stuck.hours = this.#stuck.hours.minus(chosen)
      } catch (error) {
        if (!isOfItsHours(error)) throw error
        if (this.#comesBack(chosen, error)) continue
        failed = failed.union(chosen)
        this.#stuck.hours = this.#stuck.hours.union(chosen)
        failure = error
      }
    }
    if (failure !== undefined) throw failure
  }

  #stuckLast(hours: HoursToDo): HoursToDo {
    const others = withoutHours(hours, this.#stuck.hours)
    return others.damaged.union(others.owed).union(others.sweep).isEmpty ? hours : others
  }

  /**
   * The ticks table as it is now: a call may outlast the snapshot that it began with. A table that others have ever changed is
   * read as the live round inspected it, because `ingest` may have passed the offsets of their rows since. Undefined when that
   * version is not listed any more and others have changed the table since.
   */
  async #ticksAsSeen(state: CandlesState): Promise<Table | undefined> {
    const { catalog, store, nowMs } = this.#services
    const ticks = await loadTable(catalog, TICKS_TABLE)
    checkTicks(ticks, state)
    const changes = await foreignTicksSince(store, ticks, state.ticksSequence, nowMs())
    if (changes.length === 0 && Object.keys(state.foreign.stock_ticks).length === 0) return ticks
    const seen = ticks.metadata.snapshots.find(({ sequenceNumber }) => sequenceNumber === state.ticksSequence)
    if (seen !== undefined) return asOf(ticks, seen)
    return changes.length === 0 ? ticks : undefined
  }

  /** Runs one round, and adds it to the totals. */
  async #doHours(backlog: Backlog, work: BacklogWork, left: number): Promise<BacklogRound> {
    const startedMs = performance.now()
    const done = await backlogRound(this.#services, backlog, work)
    const { state, changed, hoursDone } = done
    const tookMs = Math.round(performance.now() - startedMs)
    this.#state = state
    this.#tell(done)
    this.#total.hoursDone += hoursDone
    this.#pace.tell({ hours: hoursDone, rows: changed, tookMs })
    const fields = { hoursDone: this.#total.hoursDone, hoursLeft: left - hoursDone, changed, tookMs }
    this.#services.log.debug('catching up', fields)
    return done
  }

  /** True when hours that failed are tried again, fewer at once or in shares. */
  #comesBack(hours: HourSet, error: TickhouseError): boolean {
    // An hour that fails alone, and not by its size, would fail in shares as well.
    const comesBack = (hours.size > 1 || isTooMuch(error)) && this.#pace.halve(hours.size)
    const what = comesBack ? 'a round of the backlog comes back smaller' : 'an hour cannot be recomputed'
    this.#services.log.warn(what, { hours: hours.size, error: error.message })
    return comesBack
  }

  #tell({ changed }: { readonly changed: number }): void {
    this.#total.rounds += 1
    this.#total.changed += changed
    if (changed > 0) this.#onChange()
  }
}

/** True for a failure that other hours need not share: Trino or our code read something, and could not. */
function isOfItsHours(error: unknown): error is TickhouseError {
  if (error instanceof QueryFailed) return !isWithoutNodes(error)
  return isTooMuch(error) || isOfOneFile(error)
}

function isTooMuch(error: unknown): boolean {
  return isTooMuchWork(error) || error instanceof TooManyMinutes
}
