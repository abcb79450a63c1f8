import { TickhouseError } from '../errors.ts'
import { commitSnapshot } from '../iceberg/commit.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import type { Services } from '../services.ts'
import { foreignSummary, lookAtTicks } from '../tables/foreignTicks.ts'
import { loadTable } from '../tables/layout.ts'
import { type OffsetVector, type Position, readFrom, topicIdOf } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState, ticksSummary } from '../tables/ticksTable.ts'
import { isSameLog } from './admit.ts'
import { afterTruncation } from './afterTruncation.ts'

type EpochServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>

/** Sets the consumer group to a vector; it refuses while the event source is running. */
type MoveGroup = (vector: OffsetVector) => Promise<void>

/**
 * Begins a new epoch. In a topic that was deleted and made again, offsets count from 0 in it. In the same topic with partitions
 * that lost their ends, these partitions go on after the lost records. The ticks of earlier epochs stay. Makes one commit, and
 * gives the new vector. Throws `SameTopic` when neither has happened: a new epoch would take every tick in twice. Kafka's topic
 * id decides, or the timestamps of records where there is no id.
 */
export async function beginEpoch(services: EpochServices, moveGroup: MoveGroup): Promise<OffsetVector> {
  const { topicLog, settings } = services
  const { ticksTopic } = settings
  const table = await loadTable(services.catalog, TICKS_TABLE)
  const { vector } = ticksState(table)
  const topicId = await topicLog.topicId(ticksTopic)
  const readId = topicIdOf(vector)
  const begun = readFrom({ ...vector, epoch: vector.epoch + 1 }, topicId)
  if (readId !== undefined && topicId !== undefined && readId !== topicId) {
    return commitVector(services, table, begun, moveGroup)
  }
  const others = await otherLogs(services, vector)
  if (others.length === 0) throw new SameTopic(ticksTopic, vector.epoch)
  if (readId === undefined || topicId === undefined) return commitVector(services, table, begun, moveGroup)
  const next = await afterTruncation(topicLog, ticksTopic, table, others)
  return commitVector(services, table, { ...begun, positions: next }, moveGroup)
}

/**
 * Accepts a ticks topic that was made again as a copy of the one before, with the same records at the same offsets: the present
 * epoch goes on. Makes one commit, and gives the vector. Throws `NoCopy` when a partition lacks the record that was ingested
 * last.
 */
export async function adoptTopic(services: EpochServices, moveGroup: MoveGroup): Promise<OffsetVector> {
  const { topicLog, settings } = services
  const table = await loadTable(services.catalog, TICKS_TABLE)
  const { vector } = ticksState(table)
  const topicId = await topicLog.topicId(settings.ticksTopic)
  const [other] = await otherLogs(services, vector)
  if (other !== undefined) throw new NoCopy(settings.ticksTopic, other)
  if (topicId === topicIdOf(vector)) return vector
  return commitVector(services, table, readFrom(vector, topicId), moveGroup)
}

/** Positions of the present epoch that do not fit the records on Kafka. */
async function otherLogs(
  { topicLog, settings: { ticksTopic } }: EpochServices,
  { epoch, positions }: OffsetVector,
): Promise<Position[]> {
  const present = positions.filter(position => position.epoch === epoch)
  const same = await Promise.all(present.map(position => isSameLog(topicLog, ticksTopic, position)))
  return present.filter((_, i) => !same[i])
}

/** Ingest may commit in between, as it fetches a minute's rest without the group. Then this commit fails and changes nothing. */
async function commitVector(
  { catalog, store, nowMs }: EpochServices,
  table: Table,
  vector: OffsetVector,
  moveGroup: MoveGroup,
): Promise<OffsetVector> {
  await moveGroup(vector)
  const foreign = await lookAtTicks(store, table, nowMs())
  const summary = { ...ticksSummary({ ...ticksState(table), vector }), ...foreignSummary(foreign) }
  const change = { add: [], summary, nowMs: nowMs() }
  await commitSnapshot(catalog, table, await stageSnapshot(store, table, change))
  return vector
}

/** A new epoch was asked for while the topic is the same. */
export class SameTopic extends TickhouseError {
  constructor(topic: string, epoch: number) {
    super(
      'SAME_TOPIC',
      `${topic} is still the topic that epoch ${epoch} was read from: there is nothing to begin anew`,
    )
  }
}

/** The topic is not a copy of the one before. */
export class NoCopy extends TickhouseError {
  constructor(topic: string, { partition, next }: Position) {
    super(
      'NO_COPY',
      `${topic} partition ${partition} does not have the record that was ingested from offset ${next - 1}: it is not a copy of the topic before. Begin a new epoch: npm run offsets -- new-epoch`,
    )
  }
}
