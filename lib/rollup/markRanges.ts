import { commitSnapshot } from '../iceberg/commit.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { TimeRange } from '../market/range.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import type { Services } from '../services.ts'
import { candlesSummary } from '../tables/candlesState.ts'
import { candlesRetention } from '../tables/retention.ts'
import { hoursWithRows } from './hoursWithRows.ts'
import { loadInputs } from './rollupInputs.ts'
import { markDamaged } from './staleHours.ts'
import { takeBack } from './takeBack.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>

/** How hours are marked. */
export interface MarkOptions {
  /** Candles of the stretches that are held since their ticks were deleted follow their ticks again: those without any are removed. */
  readonly followTicks?: boolean
}

/**
 * Marks the hours of the stretches that have ticks or candles as damaged. The backlog then recomputes their candles, and removes
 * those without ticks. It makes one commit, also where there is nothing to mark: a running rollup may have read ticks that
 * are deleted by now, and this commit makes its own commit conflict. Gives the number of marked hours.
 */
export async function markRanges(
  services: Needs,
  ranges: readonly TimeRange[],
  options: MarkOptions = {},
): Promise<number> {
  for (let failures = 0; ; ) {
    try {
      return await markOnce(services, ranges, options)
    } catch (error) {
      failures += 1
      if (!isUnsureCommit(error) || failures === MAX_ATTEMPTS) throw error
      await retryDelay(failures)
    }
  }
}

async function markOnce(
  services: Needs,
  ranges: readonly TimeRange[],
  { followTicks = false }: MarkOptions,
): Promise<number> {
  const { catalog, store, settings, nowMs } = services
  const { candles, ticks, state } = await loadInputs(services)
  const own = await takeBack(store, candles, state.candlesSequence, nowMs())
  const touched = await hoursWithRows(store, { ticks, candles: own.candles }, ranges)
  const held = followTicks ? state.held.minus(state.held.within(ranges)) : state.held
  const hours = touched.minus(held)
  const marked = { ...state, held, hours: markDamaged(state.hours, hours, nowMs() * 1000) }
  const change = { add: [], summary: candlesSummary(marked), nowMs: nowMs() }
  await commitSnapshot(
    catalog,
    candles,
    await stageSnapshot(store, candles, change, candlesRetention(settings)),
  )
  return hours.size
}
