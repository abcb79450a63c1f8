import { commitSnapshot } from '../iceberg/commit.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import { mergeRanges, type TimeRange } from '../market/range.ts'
import { floorTo, HOUR_US, type Micros } from '../market/time.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import type { Services } from '../services.ts'
import { candlesSummary } from '../tables/candlesState.ts'
import { candlesRetention } from '../tables/retention.ts'
import { hoursBefore } from './foreign.ts'
import { EVER, hoursWithRows } from './hoursWithRows.ts'
import { loadInputs, type RollupInputs } from './rollupInputs.ts'
import { markDamaged } from './staleHours.ts'
import { takeBack } from './takeBack.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>

/** How hours are marked. */
export interface MarkOptions {
  /**
   * Candles that are held since their ticks were deleted follow their ticks again: those without any are removed. Held on are
   * only those before the stretches, or all where these end before the last of them.
   */
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
  const inputs = await loadInputs(services)
  const { candles, ticks, state } = inputs
  const own = await takeBack(store, candles, state.candlesSequence, nowMs())
  const touched = await hoursWithRows(store, { ticks, candles: own.candles }, ranges)
  const hours = followTicks ? touched : touched.minus(hoursBefore(touched, state.heldBeforeUs))
  const heldBeforeUs = followTicks ? await heldStill(store, inputs, ranges) : state.heldBeforeUs
  const marked = { ...state, heldBeforeUs, hours: markDamaged(state.hours, hours, nowMs() * 1000) }
  const change = { add: [], summary: candlesSummary(marked), nowMs: nowMs() }
  await commitSnapshot(
    catalog,
    candles,
    await stageSnapshot(store, candles, change, candlesRetention(settings)),
  )
  return hours.size
}

/** Up to when candles are held once those of the stretches follow their ticks. */
async function heldStill(
  store: Services['store'],
  inputs: RollupInputs,
  ranges: readonly TimeRange[],
): Promise<Micros | undefined> {
  const { heldBeforeUs } = inputs.state
  const last = mergeRanges(ranges).at(-1)
  if (heldBeforeUs === undefined || last === undefined || last.toUs < heldBeforeUs) return heldBeforeUs
  const untilUs = Math.min(heldBeforeUs, floorTo(last.fromUs, HOUR_US))
  const before = await hoursWithRows(store, inputs, [{ fromUs: EVER.fromUs, toUs: untilUs }])
  return before.isEmpty ? undefined : untilUs
}
