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

/** Sets the consumer group to a vector; it refuses while the event source reads. */
type MoveGroup = (vector: OffsetVector) => Promise<void>

/**
 * Says that the ticks topic was deleted and made again: from here on its offsets count from 0 again, in an epoch of
 * their own; where the topic is the same and some of its logs have lost their ends, that these go on behind what they
 * lost. The ticks of earlier epochs stay. One commit; gives the vector that is then in force. Throws `SameTopic` when
 * nothing of that has happened: then an epoch more would take every tick in twice. Kafka's topic id tells, and the
 * timestamps of records where it is not known.
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
 * Says that the ticks topic, though made again, is a copy of the one before, with the same records at the same offsets:
 * the present epoch goes on. One commit; gives the vector. Throws `NoCopy` when a record that was ingested last is not
 * there.
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

/** The positions of the present epoch that do not fit what is on Kafka. */
async function otherLogs(
  { topicLog, settings: { ticksTopic } }: EpochServices,
  { epoch, positions }: OffsetVector,
): Promise<Position[]> {
  const present = positions.filter(position => position.epoch === epoch)
  const same = await Promise.all(present.map(position => isSameLog(topicLog, ticksTopic, position)))
  return present.filter((_, i) => !same[i])
}

/** Should ingest commit in between, for it needs no group to fetch a minute's rest, this commit fails and changes nothing. */
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

/** An epoch more was asked for while the topic is as it was. */
export class SameTopic extends TickhouseError {
  constructor(topic: string, epoch: number) {
    super(
      'SAME_TOPIC',
      `${topic} is still the topic that epoch ${epoch} was read from: there is nothing to begin anew`,
    )
  }
}

/** A topic was to be taken for a copy that it is not. */
export class NoCopy extends TickhouseError {
  constructor(topic: string, { partition, next }: Position) {
    super(
      'NO_COPY',
      `${topic} partition ${partition} does not have the record that was ingested from offset ${next - 1}: it is no copy of the topic before. Begin a new epoch: npm run offsets -- new-epoch`,
    )
  }
}
