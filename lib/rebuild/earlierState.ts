import { expiredAncestors } from '../iceberg/expiredAncestors.ts'
import { ancestors } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import { carriesState } from '../tables/layout.ts'

/**
 * The table as of its newest ancestor of ours that others have expired, with nothing in it but what that snapshot says;
 * undefined where the earlier metadata files do not reach back so far, and where a newer one of ours is on the table's list,
 * whatever that says.
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
