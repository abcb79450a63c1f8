import type { Catalog } from '../../../lib/iceberg/catalog.ts'
import { ancestors, currentSnapshot } from '../../../lib/iceberg/metadata.ts'
import type { Table } from '../../../lib/iceberg/table.ts'
import { type Candle, sameValues } from '../../../lib/market/candle.ts'
import { HourSet, hourOf } from '../../../lib/market/hours.ts'
import { overlaps } from '../../../lib/market/range.ts'
import { MINUTE_US } from '../../../lib/market/time.ts'
import { bucketEnd, timeframeOf, timeframeOfRemoved } from '../../../lib/market/timeframe.ts'
import type { ObjectStore } from '../../../lib/ports.ts'
import { publishable } from '../../../lib/rollup/takeBack.ts'
import { type CandlesState, candlesState } from '../../../lib/tables/candlesState.ts'
import { carriesState } from '../../../lib/tables/layout.ts'
import { nextOffset, type OffsetStretch, stretchesBetween } from '../../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../../lib/tables/ticksTable.ts'
import { foldToMinutes } from '../../support/minuteFold.ts'
import { TableRows, type TickRow } from '../../support/tableRows.ts'
import { checkClosed, checkCoarser, checkHours, checkMinutes, type Unmarked } from './invariants.ts'
import type { KafkaHistory } from './kafka.ts'
import { type CandleStep, Ledger, show } from './ledger.ts'
import { moment, must, Wrong } from './wrong.ts'

interface Needs {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly kafka: KafkaHistory
  readonly graceMs: number
}

/** Four texts of hours, a few vectors, and some numbers. */
const MAX_STATE_LENGTH = 20_000
const NOTHING_UNMARKED: Unmarked = { minutes: HourSet.EMPTY, candles: [] }

/** Looks at the candles after each commit, and remembers the first rule that did not hold. */
export class Judge {
  readonly rows: TableRows
  readonly #needs: Needs
  readonly #ledger = new Ledger()
  #state: CandlesState | undefined
  #highestStampUs = 0
  unmarked: Unmarked = NOTHING_UNMARKED
  #everChanged: Unmarked = NOTHING_UNMARKED
  #ticksChanges: { readonly sequence: number; readonly hours: HourSet }[] = []
  wrong: Error | undefined
  commits = 0

  constructor(needs: Needs) {
    this.#needs = needs
    this.rows = new TableRows(needs.store)
  }

  /** Another engine has changed the ticks of some hours: rollup looks at it in its next round. */
  ticksChanged(ticks: Table, hours: HourSet): void {
    this.#ticksChanges.push({ sequence: currentSnapshot(ticks)!.sequenceNumber, hours })
  }

  /** A bug of ours has changed candles, which nobody sees. */
  unmark(changed: Unmarked): void {
    this.unmarked = both(this.unmarked, changed)
    this.#everChanged = both(this.#everChanged, changed)
  }

  /** The candles were rolled back: what was wrong in them may be so again, or its marks be gone. */
  unmarkAll(): void {
    this.unmarked = this.#everChanged
  }

  /** Its hours were marked. */
  marked({ minutes, candles }: Unmarked): void {
    this.unmarked = {
      minutes: this.unmarked.minutes.minus(minutes),
      candles: this.unmarked.candles.filter(range => !candles.includes(range)),
    }
  }

  /** The rows are taken as they are: nobody can tell what they should be. */
  async accept(candles: Table): Promise<void> {
    this.#ledger.accept(await this.rows.candles(candles))
  }

  /** The candles were rolled back. */
  async rollBack(candles: Table): Promise<void> {
    this.#state = candlesState(candles)
    this.#ledger.rollBack(
      await this.rows.candles(publishable(candles, this.#state.candlesSequence) ?? candles),
    )
  }

  /** Candles were committed. */
  async look(candles: Table): Promise<void> {
    if (this.wrong !== undefined) return
    this.commits += 1
    try {
      await this.#check(candles)
    } catch (error) {
      this.wrong = error as Error
    }
  }

  async #check(candles: Table): Promise<void> {
    const state = candlesState(candles)
    const before = this.#state
    this.#state = state
    // What others did to candles is taken back by the next round, and looked at by nobody before.
    if (publishable(candles, state.candlesSequence) !== candles) return
    if ((state.foreign.candles.unknown ?? 0) > (before?.foreign.candles.unknown ?? 0))
      await this.#acceptAsFound(candles)
    const rows = await this.rows.candles(candles)
    const steps = this.#ledger.take(rows, state)
    checkState(candles, state)
    if (before !== undefined) checkProgress(before, state, steps)
    must(
      steps.length === 0 || state.stampUs > this.#highestStampUs,
      'the stamp is above all that there were',
      () => `${state.stampUs} is not above ${this.#highestStampUs}`,
    )
    this.#highestStampUs = Math.max(this.#highestStampUs, state.stampUs)
    const present = rows.filter(({ timeframe }) => timeframeOfRemoved(timeframe) === undefined)
    const table = await this.#needs.catalog.loadTable(TICKS_TABLE)
    const ticks = await this.rows.ticks(table)
    const unseen = this.#unseen(table, state.ticksSequence)
    const truth = foldToMinutes(without(ticks, stretchesBetween(state.vector, ticksState(table).vector)))
    const unmarked = both(this.unmarked, this.#heldWrong(state))
    if (unseen) checkMinutes(present, truth, state, both(unmarked, { minutes: unseen, candles: [] }))
    checkCoarser(present, state.hours, unmarked)
    checkClosed(present, state, unmarked)
    this.#checkPromise(before, state, steps, ticks)
  }

  /** What was wrong in candles when they came to be held stays so: there are no ticks that tell. */
  #heldWrong({ held }: CandlesState): Unmarked {
    const candles = this.#everChanged.candles.filter(({ fromUs, toUs }) => held.touches(fromUs, toUs))
    return { minutes: HourSet.EMPTY, candles }
  }

  /** Others have expired the version that the candles were taken back to. */
  async #acceptAsFound(candles: Table): Promise<void> {
    const { parentSnapshotId } = currentSnapshot(candles)!
    this.#ledger.accept(await this.rows.candles(candles, parentSnapshotId))
  }

  /** Hours whose ticks have changed since the version that the candles have seen; undefined where that is no longer in the history. */
  #unseen(ticks: Table, ticksSequence: number): HourSet | undefined {
    const history = [...ancestors(ticks)].map(({ sequenceNumber }) => sequenceNumber)
    if (ticksSequence > history.at(-1)! && !history.includes(ticksSequence)) return undefined
    return this.#ticksChanges
      .filter(({ sequence }) => sequence > ticksSequence)
      .reduce((all, { hours }) => all.union(hours), HourSet.EMPTY)
  }

  /** A close waits for all that Kafka had when it was due, and a closed candle has all of it. */
  #checkPromise(
    before: CandlesState | undefined,
    { closedUntilUs, vector }: CandlesState,
    steps: readonly CandleStep[],
    ticks: readonly TickRow[],
  ): void {
    const { kafka, graceMs } = this.#needs
    if (before !== undefined && closedUntilUs > before.closedUntilUs) {
      const dueMs = Math.ceil(closedUntilUs / MINUTE_US) * (MINUTE_US / 1000) + graceMs
      for (const { epoch, partition, offset } of kafka.before(dueMs)) {
        must(
          offset < nextOffset(vector, partition, epoch),
          'a close waits for its ticks',
          () => `closed until ${moment(closedUntilUs)} without ${epoch}/${partition}/${offset}`,
        )
      }
    }
    for (const { before, now } of steps) {
      if (!now.closed || before?.closed || timeframeOfRemoved(now.timeframe) !== undefined) continue
      this.#checkComplete(now, ticks)
    }
  }

  #checkComplete(candle: Candle, ticks: readonly TickRow[]): void {
    const { kafka, graceMs } = this.#needs
    const endUs = bucketEnd(timeframeOf(candle.timeframe), candle.dateTimeUs)
    const { minutes, candles } = this.unmarked
    if (minutes.touches(candle.dateTimeUs, endUs) || overlaps(candles, candle.dateTimeUs, endUs)) return
    if (this.#state?.held.touches(candle.dateTimeUs, endUs)) return
    const dueMs = endUs / 1000 + graceMs
    const waitedFor = ticks.filter(
      tick =>
        tick.symbol === candle.symbol &&
        tick.source === candle.source &&
        tick.dateTimeUs >= candle.dateTimeUs &&
        tick.dateTimeUs < endUs &&
        kafka.hadBefore(dueMs, tick),
    )
    must(
      candle.volume >= waitedFor.length,
      'a closed candle has its ticks',
      () => `${show(candle)}: Kafka had ${waitedFor.length} when it was due`,
    )
  }
}

function both(a: Unmarked, b: Unmarked): Unmarked {
  return { minutes: a.minutes.union(b.minutes), candles: [...a.candles, ...b.candles] }
}

/**
 * Over hours that stay damaged no coarser candle is put together: it would spread what is wrong in them. The commit of a share
 * clears nothing yet, and has the hours that it is at among them; where hours are kept by whole days now and then, only how far
 * it is tells so.
 */
function checkDamage(before: CandlesState, now: CandlesState, steps: readonly CandleStep[]): void {
  const { partly } = now.hours
  const isFurther = partly !== undefined && partly.done !== before.hours.partly?.done
  const isOfShare =
    now.closedUntilUs === before.closedUntilUs &&
    now.ticksSequence === before.ticksSequence &&
    (isFurther || before.hours.damaged.minus(now.hours.damaged).isEmpty)
  if (isOfShare) return
  const damaged = before.hours.damaged.intersect(now.hours.damaged)
  for (const { before: was, now: is } of steps) {
    const name = timeframeOfRemoved(is.timeframe) ?? is.timeframe
    if (name === 'm1' || (was !== undefined && sameValues(was, is))) continue
    must(
      !damaged.touches(is.dateTimeUs, bucketEnd(timeframeOf(name), is.dateTimeUs)),
      'damage does not spread',
      () => `${was ? show(was) : 'nothing'} became ${show(is)}`,
    )
  }
}

/** No candle of a minute changes, comes or goes while it is held. */
function checkHeld(before: CandlesState, now: CandlesState, steps: readonly CandleStep[]): void {
  const held = before.held.intersect(now.held)
  for (const { before: was, now: is } of steps) {
    const isMinute = (timeframeOfRemoved(is.timeframe) ?? is.timeframe) === 'm1'
    if (!isMinute || !held.has(hourOf(is.dateTimeUs))) continue
    must(was !== undefined && sameValues(was, is), 'held candles stay', () => show(is))
  }
}

function checkState(candles: Table, state: CandlesState): void {
  checkHours(state)
  const { pending } = state
  must(pending.length <= 8, 'state', () => `${pending.length} closes are pending`)
  for (const { summary } of ancestors(candles)) {
    if (!carriesState(summary)) continue
    const length = JSON.stringify(summary).length
    must(length <= MAX_STATE_LENGTH, 'state', () => `${length} characters`)
    return
  }
  throw new Wrong('state', 'there is none')
}

/** While ticks come, a clock that runs ahead closes nothing early: not later than a minute after Kafka got the newest. */
function checkDue(before: CandlesState, now: CandlesState): void {
  const newest = now.vector.positions
    .filter(({ epoch, partition, next }) => next > nextOffset(before.vector, partition, epoch))
    .map(({ timestampMs }) => Math.floor((timestampMs * 1000) / MINUTE_US) * MINUTE_US)
  must(
    newest.length === 0 ||
      now.closedUntilUs <= Math.max(before.closedUntilUs, Math.max(...newest) + MINUTE_US),
    'nothing closes early',
    () => `closed until ${moment(now.closedUntilUs)}, the newest tick is of ${moment(Math.max(...newest))}`,
  )
}

function checkProgress(before: CandlesState, now: CandlesState, steps: readonly CandleStep[]): void {
  checkDue(before, now)
  checkDamage(before, now, steps)
  checkHeld(before, now, steps)
  must(
    now.closedUntilUs >= before.closedUntilUs,
    'closedUntil never falls',
    () => `from ${moment(before.closedUntilUs)} to ${moment(now.closedUntilUs)}`,
  )
  must(
    now.stampUs > before.stampUs || (steps.length === 0 && now.stampUs === before.stampUs),
    'the stamp rises',
    () => `from ${before.stampUs} to ${now.stampUs} with ${steps.length} rows`,
  )
}

/** The ticks without those of some offsets; ticks that others added count at any offset. */
function without(ticks: readonly TickRow[], later: readonly OffsetStretch[]): TickRow[] {
  const isLater = ({ epoch, partition, offset }: TickRow) =>
    later.some(
      each => each.epoch === epoch && each.partition === partition && each.from <= offset && offset < each.to,
    )
  return ticks.filter(tick => !isLater(tick))
}
