import type { HourSet } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import { MINUTE_US } from '../market/time.ts'
import type { Log } from '../ports.ts'
import type { LookedAt, SeenChange } from './foreign.ts'
import { stretchOf } from './heldHours.ts'

/** The log message for a change of another engine, with its consequence. */
function whatOf({ table, kinds }: SeenChange, isLost: boolean): string {
  if (table === 'stock_ticks')
    return 'another engine has changed market_data.stock_ticks: candles of the hours concerned are recomputed'
  if (kinds.rolled_back !== undefined)
    return 'another engine has rolled market_data.candles back: they go on from there, with revisions above all that were sent'
  return isLost
    ? 'another engine has changed market_data.candles, and the version before is gone: every candle is recomputed'
    : 'another engine has changed market_data.candles: it is taken back, candles are made of ticks alone'
}

/** What is held of candles whose ticks were deleted. */
export interface Held {
  readonly hours: HourSet
  /** Minutes of new ticks that came too late for it. */
  readonly late: readonly TimeRange[]
}

/** Says what others did, a line each, and which ticks are not computed as their candles are held. */
export function tellForeign(
  log: Log,
  { seen, isLost }: Pick<LookedAt, 'seen' | 'isLost'>,
  { hours: heldHours, late }: Held,
): void {
  const stretch = stretchOf(heldHours)
  const candlesHeld = stretch && { candlesHeld: stretch }
  for (const change of seen) {
    const { table, kinds, snapshotId, operation, hours } = change
    const size = hours === 'all' ? {} : { hours: hours.size }
    const isTicks = table === 'stock_ticks'
    log.warn(whatOf(change, isLost), {
      kinds,
      snapshotId,
      operation,
      ...(isTicks && { ...size, ...candlesHeld }),
    })
  }
  if (late.length === 0) return
  const minutes = late.reduce((sum, { fromUs, toUs }) => sum + (toUs - fromUs) / MINUTE_US, 0)
  const cure = 'npm run repair -- --from … --to … --follow-ticks'
  log.warn('ticks came for candles that are held since their ticks were deleted', {
    minutes,
    ...candlesHeld,
    cure,
  })
}
