import { commitSnapshot } from '../iceberg/commit.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import { checkLayout } from '../tables/layout.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState, ticksSummary } from '../tables/ticksTable.ts'
import type { Services } from './services.ts'

/**
 * Says that the ticks topic was deleted and made anew: from here on its offsets count from 0 again, in an epoch of
 * their own. The ticks of earlier epochs stay. One commit; gives the vector that is then in force.
 */
export async function beginEpoch({
  catalog,
  store,
  nowMs,
}: Pick<Services, 'catalog' | 'store' | 'nowMs'>): Promise<OffsetVector> {
  const table = checkLayout(await catalog.loadTable(TICKS_TABLE))
  const { vector, totals } = ticksState(table)
  const next = { ...vector, epoch: vector.epoch + 1 }
  const summary = ticksSummary({ vector: next, totals })
  await commitSnapshot(
    catalog,
    table,
    await stageSnapshot(store, table, { add: [], summary, nowMs: nowMs() }),
  )
  return next
}
