import { currentSnapshot } from '../iceberg/metadata.ts'
import type { Services } from '../services.ts'
import { loadTable } from '../tables/layout.ts'
import { TICKS_TABLE } from '../tables/ticksTable.ts'
import { within } from '../within.ts'

export type HealthServices = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'> & {
  /** Throws unless Trino takes statements. */
  pingTrino(): Promise<void>
}

/** By server: true, or why it cannot be worked with. */
export type Health = Readonly<Record<'kafka' | 'catalog' | 's3' | 'trino', true | string>>

/** Longer than this no server is waited for. */
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
    check(topicLog.offsets(settings.ticksTopic)),
    check(table),
    check(table.then(loaded => store.read(currentSnapshot(loaded)!.manifestList))),
    check(pingTrino()),
  ])
  return { kafka, catalog: catalogHealth, s3, trino }
}

async function check(work: Promise<unknown>): Promise<true | string> {
  try {
    await within(PATIENCE_MS, work)
    return true
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
