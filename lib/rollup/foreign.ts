import { lineageSince, type Undone } from '../iceberg/lineage.ts'
import type { Table } from '../iceberg/table.ts'
import { HourSet } from '../market/hours.ts'
import type { Micros } from '../market/time.ts'
import { publishedRevisions } from '../publish/publishCandles.ts'
import type { Services } from '../services.ts'
import type { StaleHours } from '../tables/candlesState.ts'
import { countKinds, type ForeignChange } from '../tables/foreignChanges.ts'
import { foreignTicksSince } from '../tables/foreignTicks.ts'
import { carriesState } from '../tables/layout.ts'
import { newlyHeld } from './heldHours.ts'
import { EVER, hoursWithMinutes, hoursWithRows } from './hoursWithRows.ts'
import { removeUnsure } from './removeUnsure.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { clear, joinSweep, markDamaged, markStale, mayJoin } from './staleHours.ts'
import { takeBack } from './takeBack.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>

/** What a live round begins with once it has looked at what others did. */
export interface LookedAt {
  /** The candles without what others did to them, and the state with what is to be computed for it. */
  readonly inputs: RollupInputs
  /** What is told once it is committed. */
  readonly seen: readonly SeenChange[]
  /** True when a change of the candles cannot be taken back, because the version before is gone. */
  readonly isLost: boolean
  /** Hours that wait for nothing any more: their ticks were deleted, and their candles stay as they are. */
  readonly settled: HourSet
  /** Those of them that were damaged: their coarser candles are put together from what there is. */
  readonly refolded: HourSet
}

/** A change that another engine made, and to which table. */
export interface SeenChange extends ForeignChange {
  readonly table: 'stock_ticks' | 'candles'
}

/**
 * Looks at what other engines did to both tables since the candles' newest commit. Ticks that they added, changed or
 * deleted make their hours stale; what they did to candles is taken back. Where that is not possible, every hour is damaged, and
 * candles that may be theirs are removed before `publish` reads them. Without changes of others, nothing is read.
 */
export async function lookAtForeign(services: Needs, given: RollupInputs): Promise<LookedAt> {
  const looked = await look(services, given)
  if (!looked.isLost) return looked
  const without = await removeUnsure(services, given, looked.inputs.state)
  return without === undefined ? looked : look(services, without)
}

async function look(services: Needs, given: RollupInputs): Promise<LookedAt> {
  const { store, nowMs } = services
  const { state: before, ticks } = given
  const own = await takeBack(store, given.candles, before.candlesSequence, nowMs())
  const { undone } = lineageSince(given.candles, before.candlesSequence)
  const ofCandles = [...rollbackOf(given.candles, undone, nowMs()), ...own.changes]
  const ofTicks = await foreignTicksSince(store, ticks, before.ticksSequence, nowMs())
  const foreign = {
    candles: countKinds(ofCandles, before.foreign.candles),
    stock_ticks: countKinds(ofTicks, before.foreign.stock_ticks),
  }
  const candlesSequence = given.candles.metadata.lastSequenceNumber
  // How high revisions went, only Kafka knows then.
  const isUnknown = own.isLost || undone?.snapshots === 'unknown'
  const revisionFloor = isUnknown
    ? Math.max(before.revisionFloor, await publishedRevisions(services))
    : before.revisionFloor
  const state = { ...before, candlesSequence, revisionFloor, foreign }
  const inputs = { ...given, candles: own.candles, state }
  const seen = [
    ...ofCandles.map(change => ({ ...change, table: 'candles' as const })),
    ...ofTicks.map(change => ({ ...change, table: 'stock_ticks' as const })),
  ]
  const { isLost } = own
  if (seen.length === 0) return { inputs, seen, isLost, settled: HourSet.EMPTY, refolded: HourSet.EMPTY }
  const isAll = own.isLost || ofTicks.some(({ hours }) => hours === 'all')
  const touched = isAll ? await hoursWithRows(store, inputs, [EVER]) : hoursOf(ofTicks)
  const nowUs = nowMs() * 1000
  // Where nobody can tell which hours were touched, those with m1 candles alone have something to keep.
  const maybeHeld = isAll ? await hoursWithMinutes(store, inputs.candles) : touched
  const added = await newlyHeld(store, inputs.ticks, { held: before.held, touched: maybeHeld, nowUs })
  const held = before.held.union(added)
  const settled = before.hours.stale.intersect(added)
  const marks = touched.minus(held)
  const cleared = settled.isEmpty ? before.hours : clear(before.hours, settled, nowUs)
  const hours = own.isLost ? markDamaged(cleared, marks, nowUs) : markForeign(cleared, marks, nowUs)
  const marked = { ...state, held, hours }
  const refolded = settled.intersect(before.hours.damaged)
  return { inputs: { ...inputs, state: marked }, seen, isLost, settled, refolded }
}

/** The rollback of the candles as a foreign change; none when no undone version of ours is listed. */
function rollbackOf({ metadata }: Table, undone: Undone | undefined, seenMs: number): ForeignChange[] {
  if (undone === undefined || undone.snapshots === 'unknown') return []
  if (!undone.snapshots.some(({ summary }) => carriesState(summary))) return []
  return [{ sequence: metadata.lastSequenceNumber, seenMs, kinds: { rolled_back: 1 }, hours: 'all' }]
}

/** Hours that others have changed need not wait for the next sweep, unless they come in minute by minute. */
function markForeign(hours: StaleHours, marks: HourSet, nowUs: Micros): StaleHours {
  const marked = markStale(hours, marks, nowUs)
  return mayJoin(hours, nowUs) ? joinSweep(marked, marks, nowUs) : marked
}

function hoursOf(changes: readonly ForeignChange[]): HourSet {
  return changes.reduce<HourSet>(
    (all, { hours }) => (hours === 'all' ? all : all.union(hours)),
    HourSet.EMPTY,
  )
}
