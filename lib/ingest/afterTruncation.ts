import { ancestors } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { TopicLog } from '../ports.ts'
import { carriesState } from '../tables/layout.ts'
import { type Position, positionOf, UNKNOWN_TIME } from '../tables/offsetVector.ts'
import { ticksState } from '../tables/ticksTable.ts'
import { isSameLog } from './admit.ts'

/**
 * The table's positions, and behind them those of an epoch more, in which logs that have lost their ends (`truncated`)
 * go on behind what they lost, all others where they are. What a log still has of what was read is told by the snapshots
 * that the table lists: each says how far it had read, and the timestamp of the record there. Of the offsets that
 * lie between the last that fits and the first that does not, which are those of one commit, none is read again.
 */
export async function afterTruncation(
  log: TopicLog,
  topic: string,
  table: Table,
  truncated: readonly Position[],
): Promise<Position[]> {
  const { vector } = ticksState(table)
  const present = vector.positions.filter(({ epoch }) => epoch === vector.epoch)
  const next = await Promise.all(
    present.map(async position => {
      const isTruncated = truncated.some(({ partition }) => partition === position.partition)
      const goesOn = isTruncated ? await behindLoss(log, topic, table, position) : position
      return { ...goesOn, epoch: vector.epoch + 1 }
    }),
  )
  return [...vector.positions, ...next]
}

async function behindLoss(log: TopicLog, topic: string, table: Table, position: Position): Promise<Position> {
  const { high } = (await log.offsets(topic)).get(position.partition)!
  let lost = position
  for (const { snapshotId, summary } of ancestors(table)) {
    if (!carriesState(summary)) continue
    const asItWas = { ...table, metadata: { ...table.metadata, currentSnapshotId: snapshotId } }
    const earlier = positionOf(ticksState(asItWas).vector, position.partition, position.epoch)
    if (earlier === undefined || (await isSameLog(log, topic, earlier))) break
    lost = earlier
  }
  return { ...position, next: Math.min(lost.next, high), timestampMs: UNKNOWN_TIME }
}
