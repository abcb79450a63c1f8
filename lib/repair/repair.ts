import { setTimeout as sleep } from 'node:timers/promises'
import { currentSnapshot } from '../iceberg/metadata.ts'
import type { TimeRange } from '../market/range.ts'
import { isUnsureCommit } from '../retry.ts'
import { UNBOUNDED } from '../rollup/budget.ts'
import { stretchOf } from '../rollup/heldHours.ts'
import { markRanges } from '../rollup/markRanges.ts'
import { type RollupServices, rollupCandles } from '../rollup/rollupCandles.ts'
import { loadInputs } from '../rollup/rollupInputs.ts'
import { CandlesHeld } from './errors.ts'

/** What is repaired: the hours that the stretch touches. */
export interface RepairRequest extends TimeRange {
  /** Candles that are kept although their ticks were deleted follow their ticks again. */
  readonly followTicks: boolean
}

/** How it goes on. */
export interface RepairPace {
  /** Without a commit of another process for so long, no rollup is at work, and this one does the work. */
  readonly idleMs: number
  /** Between two looks. */
  readonly pauseMs: number
}

const PACE: RepairPace = { idleMs: 90_000, pauseMs: 2_000 }

/** What came of it. */
export interface Repaired {
  /** Hours in which there are ticks or candles; each of their candles was recomputed. */
  readonly hours: number
  /** Rows that this process has written; those of a rollup beside it are not counted. */
  readonly changed: number
}

/**
 * Recomputes every candle of the hours that a stretch touches from their ticks, in every timeframe, and removes those that have
 * none. The hours are marked first: should this end early, rollup does them in its next minutes. Where a rollup is at work it
 * does them, and this waits. Throws `CandlesHeld` for hours whose ticks were deleted, unless candles are to follow them.
 */
export async function repair(
  services: RollupServices,
  { followTicks, ...range }: RepairRequest,
  onProgress: (line: string) => void,
  { idleMs, pauseMs } = PACE,
): Promise<Repaired> {
  await refuseHeld(services, range, followTicks)
  const before = await newestCommit(services)
  // Another's clock may be ahead of this one.
  let idleSinceMs = performance.now() - Math.max(0, services.nowMs() - before.atMs)
  const hours = await markRanges(services, [range], { followTicks })
  let known = (await newestCommit(services)).id
  for (let changed = 0; ; ) {
    const left = Math.min(hours, await hoursLeft(services, range))
    onProgress(`${hours - left} of ${hours} hours are done`)
    if (left === 0) return { hours, changed }
    const { id } = await newestCommit(services)
    if (id !== known) idleSinceMs = performance.now()
    known = id
    if (performance.now() - idleSinceMs < idleMs) await sleep(pauseMs)
    else {
      changed += await doRounds(services)
      known = (await newestCommit(services)).id
    }
  }
}

/** Throws `CandlesHeld` where candles of the stretch are held. */
export async function refuseHeld(
  services: Pick<RollupServices, 'catalog' | 'settings'>,
  range: TimeRange,
  followTicks: boolean,
): Promise<void> {
  if (followTicks) return
  const stretch = stretchOf((await loadInputs(services)).state.held.within([range]))
  if (stretch !== undefined) throw new CandlesHeld(stretch)
}

async function doRounds(services: RollupServices): Promise<number> {
  try {
    return (await rollupCandles(services, UNBOUNDED)).changed
  } catch (error) {
    // Somebody else is at work after all, and may have done it.
    if (!isUnsureCommit(error)) throw error
    return 0
  }
}

async function hoursLeft(
  services: Pick<RollupServices, 'catalog' | 'settings'>,
  range: TimeRange,
): Promise<number> {
  return (await loadInputs(services)).state.hours.damaged.within([range]).size
}

async function newestCommit(services: Pick<RollupServices, 'catalog' | 'settings'>) {
  const { snapshotId, timestampMs } = currentSnapshot((await loadInputs(services)).candles)!
  return { id: snapshotId, atMs: timestampMs }
}
