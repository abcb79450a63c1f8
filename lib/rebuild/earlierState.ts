import { expiredAncestors } from '../iceberg/expiredAncestors.ts'
import { ancestors } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import { carriesState } from '../tables/layout.ts'

/**
 * The table as of our newest ancestor, which others expired: its state can be read, and no other snapshot is listed. Undefined
 * where the earlier metadata files do not reach back to it, and where the table still lists a snapshot of ours, even one with
 * an unreadable state.
 */
export async function earlierState(store: ObjectStore, table: Table): Promise<Table | undefined> {
  for (const { summary } of ancestors(table)) if (carriesState(summary)) return undefined
  for await (const snapshot of expiredAncestors(store, table)) {
    if (!carriesState(snapshot.summary)) continue
    const metadata = {
      ...table.metadata,
      snapshots: [snapshot],
      currentSnapshotId: snapshot.snapshotId,
    }
    return { ...table, metadata }
  }
  return undefined
}
