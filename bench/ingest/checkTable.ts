import { planFiles } from '../../lib/iceberg/plan.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { nextOffset } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { rounded } from '../table.ts'
import { BenchFailed } from '../until.ts'
import type { BenchWorld } from '../world.ts'

/** The table's rows, counted by its files, and what they take. Throws unless each tick on the topic is in it once. */
export async function checkTable({ services }: BenchWorld, ticks: number) {
  const { catalog, store, topicLog, settings } = services
  const table = await loadTable(catalog, TICKS_TABLE)
  const { vector, totals } = ticksState(table)
  for (const [partition, { high }] of await topicLog.offsets(settings.ticksTopic)) {
    const next = nextOffset(vector, partition)
    if (next !== high) throw new BenchFailed(`partition ${partition}: vector at ${next}, topic at ${high}`)
  }
  const files = await planFiles(store, table)
  const rows = files.reduce((sum, { recordCount }) => sum + recordCount, 0)
  const bytes = files.reduce((sum, { fileSizeBytes }) => sum + fileSizeBytes, 0)
  if (rows !== ticks || totals.ticks !== ticks)
    throw new BenchFailed(`${rows} rows in files, ${totals.ticks} in the totals, ${ticks} ticks on the topic`)
  return {
    files: files.length,
    bytes_per_row: rounded(bytes / rows),
    snapshots: table.metadata.snapshots.length,
  }
}
