import { commitSnapshot } from '../iceberg/commit.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import { HourSet } from '../market/hours.ts'
import { clipRanges, mergeRanges, type TimeRange } from '../market/range.ts'
import { isUnsureCommit, MAX_ATTEMPTS, retryDelay } from '../retry.ts'
import type { Services } from '../services.ts'
import { candlesSummary } from '../tables/candlesState.ts'
import { candlesRetention } from '../tables/retention.ts'
import { rangeOf } from './newTicks.ts'
import { loadInputs, type RollupInputs } from './rollupInputs.ts'
import { markDamaged } from './staleHours.ts'
import { bucketsOf, restOfLastBucket } from './storedCandles.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'settings' | 'nowMs'>

/**
 * Marks the hours of some stretches in which there are ticks or candles: the backlog then recomputes every candle of them, and
 * removes those that have no ticks. One commit, also where there is nothing to mark: a rollup that is under way may have read
 * ticks that are gone by now, and must not commit what it made of them. Gives how many hours it marked.
 */
export async function markRanges(services: Needs, ranges: readonly TimeRange[]): Promise<number> {
  for (let failures = 0; ; ) {
    try {
      return await markOnce(services, ranges)
    } catch (error) {
      failures += 1
      if (!isUnsureCommit(error) || failures === MAX_ATTEMPTS) throw error
      await retryDelay(failures)
    }
  }
}

async function markOnce(services: Needs, ranges: readonly TimeRange[]): Promise<number> {
  const { catalog, store, settings, nowMs } = services
  const inputs = await loadInputs(services)
  const { candles, state } = inputs
  const hours = await hoursWithRows(store, inputs, ranges)
  const marked = { ...state, hours: markDamaged(state.hours, hours, nowMs() * 1000) }
  const change = { add: [], summary: candlesSummary(marked), nowMs: nowMs() }
  await commitSnapshot(
    catalog,
    candles,
    await stageSnapshot(store, candles, change, candlesRetention(settings)),
  )
  return hours.size
}

/** The hours within the ranges that ticks or candles may be in, as their files say. */
export async function hoursWithRows(
  store: Services['store'],
  { ticks, candles }: Pick<RollupInputs, 'ticks' | 'candles'>,
  ranges: readonly TimeRange[],
): Promise<HourSet> {
  const stretches: TimeRange[] = []
  const add = (file: TimeRange) => {
    for (const range of clipRanges(ranges, file)) stretches.push(range)
  }
  for await (const files of scanFiles(store, ticks)) for (const file of files) add(rangeOf(file))
  for await (const files of scanFiles(store, candles)) {
    for (const file of files) {
      add(bucketsOf(file))
      // A coarser candle may be all that is left of a stretch: one hour of it is enough to have it made again.
      const [rest] = clipRanges(mergeRanges(ranges), restOfLastBucket(file))
      if (rest !== undefined) stretches.push({ fromUs: rest.fromUs, toUs: rest.fromUs + 1 })
    }
  }
  return HourSet.touching(mergeRanges(stretches))
}
