import type { RecordBatch } from '../ports.ts'
import { unread } from '../status/unread.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { fetchRecords } from './fetchRecords.ts'
import { addResults, type IngestResult, type IngestServices, ingestTicks } from './ingestTicks.ts'
import { minutesRest } from './minutesRest.ts'

/** Records in one commit. */
const MOST_RECORDS = 20_000
/** Time to fetch some records and commit them when the servers are slow. */
export const NEEDS_MS = 10_000

/**
 * Takes in the rest of a minute. Where there is none, or so much that it is left to the event source, it takes in records that
 * the event source will never bring: the consumer group has passed over them and the table lacks them. This happens after the
 * table was rolled back or set up again.
 */
export async function ingestRest(services: IngestServices, remainingMs: () => number): Promise<IngestResult> {
  const rest = await minutesRest(services)
  let result = await ingestTicks(services, rest)
  if (rest.length > 0) return result
  while (remainingMs() >= NEEDS_MS) {
    const passed = await passedOver(services)
    if (passed.length === 0) break
    result = addResults(result, await ingestTicks(services, passed))
  }
  return result
}

/** The first records at or above the table's vector and below the consumer group's offsets. */
export async function passedOver({
  catalog,
  topicLog,
  settings,
  log,
}: IngestServices): Promise<RecordBatch[]> {
  const { ticksTopic: topic, ingestGroup } = settings
  // The group is read before the table: it follows the table, and would otherwise seem to be ahead of it.
  const group = await topicLog.groupOffsets(ingestGroup, topic)
  const ranges = await topicLog.offsets(topic)
  const { vector } = ticksState(await loadTable(catalog, TICKS_TABLE))
  const below = unread(ranges, vector)
    .map(({ partition, from, to }) => ({ partition, from, to: Math.min(to, group.get(partition) ?? 0) }))
    .filter(({ from, to }) => from < to)
  const batches = await fetchRecords(topicLog, topic, below, MOST_RECORDS)
  if (batches.length > 0) {
    log.warn('the consumer group has passed over records that the table lacks: they are fetched without it', {
      topic,
      group: ingestGroup,
      passedOver: below,
    })
  }
  return batches
}
