import type { Catalog } from './catalog.ts'
import { ancestors, type HasMetadata } from './metadata.ts'
import type { Staged } from './stage.ts'
import type { Table } from './table.ts'

/** The one irreversible step: one request, never repeated here. Throws what `Catalog.commit` throws. */
export function commitSnapshot(catalog: Catalog, table: Table, staged: Staged): Promise<Table> {
  return catalog.commit(table.ident, staged.requirements, staged.updates)
}

/** Where a snapshot is: in the current history, listed beside it (rolled back), or nowhere. */
export type Whereabouts = 'ancestor' | 'listed' | 'absent'

/** After a commit that failed or whose answer was lost: what became of it, in a table loaded since. */
export function findSnapshot(table: HasMetadata, snapshotId: bigint): Whereabouts {
  for (const { snapshotId: id } of ancestors(table)) if (id === snapshotId) return 'ancestor'
  return table.metadata.snapshots.some(s => s.snapshotId === snapshotId) ? 'listed' : 'absent'
}
