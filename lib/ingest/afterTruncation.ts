import { asOf } from '../iceberg/lineage.ts'
import { ancestors } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { TopicLog } from '../ports.ts'
import { carriesState } from '../tables/layout.ts'
import { type Position, positionOf, UNKNOWN_TIME } from '../tables/offsetVector.ts'
import { ticksState } from '../tables/ticksTable.ts'
import { isSameLog } from './admit.ts'

/**
 * The table's positions, followed by those of a new epoch. There the `truncated` partitions go on after the records that they
 * lost, and all others where they are. The listed snapshots show what a partition still has: each has the offset up to which
 * it had read, and the timestamp of the last record. The loss lies between the newest snapshot that fits Kafka and the next
 * one. The offsets between these two are those of one commit, and none of them is read again.
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
  for (const snapshot of ancestors(table)) {
    if (!carriesState(snapshot.summary)) continue
    const earlier = positionOf(ticksState(asOf(table, snapshot)).vector, position.partition, position.epoch)
    if (earlier === undefined || (await isSameLog(log, topic, earlier))) break
    lost = earlier
  }
  return { ...position, next: Math.min(lost.next, high), timestampMs: UNKNOWN_TIME }
}
