import type { HourSet } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import { MINUTE_US } from '../market/time.ts'
import type { Log } from '../ports.ts'
import type { LookedAt, SeenChange } from './foreign.ts'
import { stretchOf } from './heldHours.ts'

const WHAT: Readonly<Record<SeenChange['table'], string>> = {
  stock_ticks:
    'another engine has changed market_data.stock_ticks: candles of the hours concerned are recomputed',
  candles:
    'another engine has changed market_data.candles: it is taken back, candles are made of ticks alone',
}
const LOST =
  'another engine has changed market_data.candles, and the version before is gone: every candle is recomputed'

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
  for (const { table, kinds, snapshotId, operation, hours } of seen) {
    const size = hours === 'all' ? {} : { hours: hours.size }
    const isTicks = table === 'stock_ticks'
    log.warn(isLost && !isTicks ? LOST : WHAT[table], {
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
