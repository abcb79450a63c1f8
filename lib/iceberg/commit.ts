import { retryDelay } from '../retry.ts'
import type { Catalog } from './catalog.ts'
import { CommitConflict, SequenceTaken } from './errors.ts'
import { headOf } from './lineage.ts'
import { ancestors, currentSnapshot, type HasMetadata } from './metadata.ts'
import type { Staged } from './stage.ts'
import { type Table, tableName } from './table.ts'

/** A commit gives up after it lost its sequence number to this many commits on branches. */
const MAX_ATTEMPTS = 8

/**
 * Commits a staged snapshot: the one irreversible step. It tries again only where a commit to a branch took the sequence number
 * and the rows are still those that the snapshot was made from. The snapshot then takes the next number, which is quick.
 * Throws what `Catalog.commit` throws.
 */
export async function commitSnapshot(catalog: Catalog, table: Table, staged: Staged): Promise<Table> {
  await refuseExpired(catalog, table)
  let offered = staged
  for (let failures = 0; ; ) {
    try {
      return await catalog.commit(table.ident, offered.requirements, offered.updates)
    } catch (error) {
      failures += 1
      if (!(error instanceof SequenceTaken) || failures === MAX_ATTEMPTS) throw error
      if (failures > 1) await retryDelay(failures)
      const current = await catalog.loadTable(table.ident)
      const isAbsent = findSnapshot(current, staged.snapshot.snapshotId) === 'absent'
      const again = isAbsent ? await staged.stageAgain(current) : undefined
      if (again === undefined) throw error
      offered = again
    }
  }
}

/**
 * No requirement says that an earlier version which a commit goes on from is still there: where others have expired it since,
 * its files are gone. Throws `CommitConflict` then.
 */
async function refuseExpired(catalog: Catalog, table: Table): Promise<void> {
  const parent = currentSnapshot(table)
  if (parent === undefined || parent === headOf(table)) return
  if (findSnapshot(await catalog.loadTable(table.ident), parent.snapshotId) === 'absent')
    throw new CommitConflict(
      `${tableName(table.ident)}: snapshot ${parent.snapshotId} was expired before a commit went on from it`,
    )
}

/** Where a snapshot is: in the current history, listed beside it (rolled back), or nowhere. */
export type Whereabouts = 'ancestor' | 'listed' | 'absent'

/** After a commit that failed or whose answer was lost: what became of it, in a table loaded since. */
export function findSnapshot(table: HasMetadata, snapshotId: bigint): Whereabouts {
  for (const { snapshotId: id } of ancestors(table)) if (id === snapshotId) return 'ancestor'
  return table.metadata.snapshots.some(s => s.snapshotId === snapshotId) ? 'listed' : 'absent'
}
