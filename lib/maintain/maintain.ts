import { FolderShared } from '../iceberg/errors.ts'
import { liveFiles } from '../iceberg/manifest/manifestFile.ts'
import { currentManifests } from '../iceberg/manifest/readManifests.ts'
import { type TableIdent, tableName } from '../iceberg/table.ts'
import { removeOrphans } from '../iceberg/upkeep/removeOrphans.ts'
import { rebuildFromMetadata } from '../rebuild/rebuildFromMetadata.ts'
import type { Services } from '../services.ts'
import { loadTable } from '../tables/layout.ts'
import { type Compacted, compactTable } from './compactTable.ts'
import { MAINTAINED_TABLES } from './maintainedTables.ts'

export type MaintainServices = Pick<Services, 'catalog' | 'store' | 'settings' | 'log' | 'nowMs'>

/** Which part of the upkeep of the tables is done; both without `only`. */
export interface Upkeep {
  readonly only?: 'compaction' | 'orphans' | undefined
}

/** What a table consists of. */
export interface TableSizes {
  readonly snapshots: number
  readonly manifests: number
  readonly files: number
  readonly metadataFiles: number
}

/** What was done with a table, and what it consists of afterwards. */
export interface TableUpkeep extends Compacted, TableSizes {
  /** Files that were removed, as nobody can need them any more. */
  readonly removed: number
}

/** By table name, such as `market_data.candles`. */
export type MaintainResult = Readonly<Record<string, TableUpkeep>>

/**
 * Keeps both tables in shape: merges small files, removes files that no snapshot needs. It changes no row, and may end
 * anywhere without harm: uncommitted files are orphans. First it restores the state of a table that lost it to another
 * engine's expiry, if an earlier metadata file still has it. Snapshots are expired by the tables' own commits, not here.
 */
export async function maintain(
  services: MaintainServices,
  { only }: Upkeep,
  remainingMs: () => number,
): Promise<MaintainResult> {
  const result: Record<string, TableUpkeep> = {}
  if (only !== 'orphans') await findLostStates(services)
  for (const kept of MAINTAINED_TABLES) {
    const removed = only === 'compaction' ? 0 : await sweep(services, kept.ident)
    const compacted =
      only === 'orphans' ? { merged: 0, into: 0 } : await compactTable(services, kept, remainingMs)
    result[tableName(kept.ident)] = { ...compacted, removed, ...(await sizesOf(services, kept.ident)) }
  }
  return result
}

/** Nothing else works without the state. Rebuilding it from the rows is left to an operator. */
async function findLostStates(services: MaintainServices): Promise<void> {
  const rebuilt = await rebuildFromMetadata(services)
  if (rebuilt === undefined) return
  const { ticks, candles, hours } = rebuilt
  services.log.warn('a lost state was restored from an earlier metadata file: all hours are recomputed', {
    ticks: ticks.source,
    candles: candles.source,
    hoursMarked: hours.size,
  })
}

/** A table whose folder is shared with another table is logged and left as it is; the next table still has its turn. */
async function sweep(services: MaintainServices, ident: TableIdent): Promise<number> {
  const { settings, nowMs, log } = services
  try {
    const rule = { retentionMs: settings.retentionMs, nowMs: nowMs() }
    return await removeOrphans(services, ident, rule)
  } catch (error) {
    if (!(error instanceof FolderShared)) throw error
    log.warn(error.message, { code: error.code })
    return 0
  }
}

/** The table as it is now. */
export async function sizesOf(
  { catalog, store }: Pick<Services, 'catalog' | 'store'>,
  ident: TableIdent,
): Promise<TableSizes> {
  const table = await loadTable(catalog, ident)
  const manifests = await currentManifests(store, table)
  return {
    snapshots: table.metadata.snapshots.length,
    manifests: manifests.length,
    files: manifests.reduce((sum, manifest) => sum + liveFiles(manifest), 0),
    metadataFiles: table.metadata.metadataLog.length + 1,
  }
}
