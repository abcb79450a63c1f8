import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBatch } from '../ports.ts'
import { untilGraceIsOver } from '../rollup/awaitTicks.ts'
import { countUnread, unread } from '../status/unread.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { fetchRecords } from './fetchRecords.ts'
import type { IngestServices } from './ingestTicks.ts'

/** Starts this long after rollup reads Kafka's end offsets, so that the fetch covers all that rollup waits for. */
const LEEWAY_MS = 30

/** With more records than this ingest is behind, and catches up batch by batch. */
const MOST_RECORDS = 5_000

/**
 * Fetches the records that Kafka has when a minute's grace is over and that the table lacks, so that the minute's last ticks do
 * not wait until their batch is full. Empty where there are many; incomplete where they are large.
 */
export async function minutesRest(services: IngestServices): Promise<RecordBatch[]> {
  const { catalog, topicLog, settings, trust, nowMs } = services
  const { ticksTopic: topic, graceMs } = settings
  await sleep(untilGraceIsOver(nowMs(), graceMs + LEEWAY_MS))
  const table = await loadTable(catalog, TICKS_TABLE)
  const missing = unread(await topicLog.offsets(topic), ticksState(table).vector)
  if (countUnread(missing) > MOST_RECORDS) return []
  const batches = await fetchRecords(topicLog, topic, missing, MOST_RECORDS)
  // Ingest reuses this version as if our own commit had made it, and does not load it again.
  trust.table = table
  return batches
}
