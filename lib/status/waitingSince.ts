import { asOf } from '../iceberg/lineage.ts'
import { ancestors } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import { isReached, type Mark } from '../publish/sendingOrder.ts'
import { candlesState } from '../tables/candlesState.ts'
import { carriesState } from '../tables/layout.ts'

/**
 * When the table got the oldest change that somebody has yet to take: `isTaken` tells of the table as it was at each
 * snapshot of ours, from the newest backwards. Milliseconds; undefined when all is taken. Older changes than the table
 * lists count as its oldest.
 */
export function waitingSince(table: Table, isTaken: (asItWas: Table) => boolean): number | undefined {
  let sinceMs: number | undefined
  for (const snapshot of ancestors(table)) {
    if (!carriesState(snapshot.summary)) continue
    if (isTaken(asOf(table, snapshot))) break
    sinceMs = snapshot.timestampMs
  }
  return sinceMs
}

/** When the candles table got the oldest change that is not on the candle topics; undefined when all are there. */
export function unsentSince(candles: Table, mark: Mark | undefined): number | undefined {
  return waitingSince(candles, asItWas => {
    const { stampUs } = candlesState(asItWas)
    return stampUs === 0 || (mark !== undefined && isReached(mark, stampUs))
  })
}
