import { TickhouseError } from '../errors.ts'
import { commitSnapshot } from '../iceberg/commit.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Services } from '../services.ts'
import { foreignSummary, lookAtTicks } from '../tables/foreignTicks.ts'
import { loadTable } from '../tables/layout.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState, ticksSummary } from '../tables/ticksTable.ts'
import { isSameLog } from './admit.ts'

/**
 * Says that the ticks topic was deleted and made anew: from here on its offsets count from 0 again, in an epoch of
 * their own. The ticks of earlier epochs stay. One commit; gives the vector that is then in force. Throws `SameTopic` when
 * the topic is still the one that was read: then an epoch more would take every tick in twice.
 * `moveGroup` sets the consumer group to the vector that it is given, before the commit.
 */
export async function beginEpoch(
  {
    catalog,
    store,
    topicLog,
    settings: { ticksTopic },
    nowMs,
  }: Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>,
  moveGroup: (vector: OffsetVector) => Promise<void>,
): Promise<OffsetVector> {
  const table = await loadTable(catalog, TICKS_TABLE)
  const { vector, totals } = ticksState(table)
  const present = vector.positions.filter(({ epoch }) => epoch === vector.epoch)
  const same = await Promise.all(present.map(position => isSameLog(topicLog, ticksTopic, position)))
  if (same.every(isSame => isSame)) throw new SameTopic(ticksTopic, vector.epoch)
  const next = { ...vector, epoch: vector.epoch + 1 }
  // It refuses while the event source reads; should a minute's rest still come in between, the commit fails, and all begins anew.
  await moveGroup(next)
  const foreign = await lookAtTicks(store, table, nowMs())
  const summary = { ...ticksSummary({ vector: next, totals }), ...foreignSummary(foreign) }
  await commitSnapshot(
    catalog,
    table,
    await stageSnapshot(store, table, { add: [], summary, nowMs: nowMs() }),
  )
  return next
}

/** An epoch more was asked for while the topic is as it was. */
export class SameTopic extends TickhouseError {
  constructor(topic: string, epoch: number) {
    super(
      'SAME_TOPIC',
      `${topic} is still the topic that epoch ${epoch} was read from: there is nothing to begin anew`,
    )
  }
}
