import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBatch } from '../ports.ts'
import { untilGraceIsOver } from '../rollup/awaitTicks.ts'
import { countUnread, unread } from '../status/unread.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { fetchRecords } from './fetchRecords.ts'
import type { IngestServices } from './ingestTicks.ts'

/** So much later than rollup, which waits for all that Kafka has when it looks: what comes until then must be among it. */
const LEEWAY_MS = 30

/** More than this is no rest of a minute: ingest is behind, and catches up batch by batch. */
const MOST_RECORDS = 5_000

/**
 * What Kafka has of a minute when its grace is over, and the table lacks: so that a minute's last ticks do not wait for
 * their batch to be closed. None where they are many, and not all where they are large.
 */
export async function minutesRest(services: IngestServices): Promise<RecordBatch[]> {
  const { catalog, topicLog, settings, trust, nowMs } = services
  const { ticksTopic: topic, graceMs } = settings
  await sleep(untilGraceIsOver(nowMs(), graceMs + LEEWAY_MS))
  const table = await loadTable(catalog, TICKS_TABLE)
  const missing = unread(await topicLog.offsets(topic), ticksState(table).vector)
  if (countUnread(missing) > MOST_RECORDS) return []
  const batches = await fetchRecords(topicLog, topic, missing, MOST_RECORDS)
  // As if our own commit had left it so: what goes on from here need not load it again.
  trust.table = table
  return batches
}
