import { currentSnapshot } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import { TopicRecreated } from '../ingest/admit.ts'
import type { Services } from '../services.ts'
import { loadTable } from '../tables/layout.ts'
import { topicIdOf } from '../tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../tables/ticksTable.ts'
import { within } from '../within.ts'

export type HealthServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'> & {
  /** Throws unless Trino takes statements. */
  pingTrino(): Promise<void>
}

/** By server: true, or why it cannot be worked with. */
export type Health = Readonly<Record<'kafka' | 'catalog' | 's3' | 'trino', true | string>>

/** The longest wait for a server. */
const PATIENCE_MS = 1_000

/** Asks every server for something small that the pipeline needs, all at once. Never throws. */
export async function checkHealth({
  catalog,
  store,
  topicLog,
  settings,
  pingTrino,
}: HealthServices): Promise<Health> {
  const table = loadTable(catalog, TICKS_TABLE)
  const [kafka, catalogHealth, s3, trino] = await Promise.all([
    check(checkTopic({ topicLog, settings }, table)),
    check(table),
    check(table.then(loaded => store.read(currentSnapshot(loaded)!.manifestList))),
    check(pingTrino()),
  ])
  return { kafka, catalog: catalogHealth, s3, trino }
}

/** Without the table there is nothing to compare the topic with; another check reports that the table is missing. */
async function checkTopic(
  { topicLog, settings: { ticksTopic } }: Pick<Services, 'topicLog' | 'settings'>,
  table: Promise<Table>,
): Promise<void> {
  await topicLog.offsets(ticksTopic)
  const [topicId, readId] = await Promise.all([
    topicLog.topicId(ticksTopic),
    table.then(loaded => topicIdOf(ticksState(loaded).vector)).catch(() => undefined),
  ])
  if (readId !== undefined && topicId !== undefined && readId !== topicId)
    throw new TopicRecreated(ticksTopic)
}

async function check(work: Promise<unknown>): Promise<true | string> {
  try {
    await within(PATIENCE_MS, work)
    return true
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
