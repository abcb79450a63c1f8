import { randomBytes } from 'node:crypto'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'

const BRANCH = 'side'

/** Appends to a branch of the table, as another engine does: a snapshot beside `main`, with the table's next sequence number. */
export async function appendToBranch(catalog: Catalog, ident: TableIdent): Promise<void> {
  const table = await catalog.loadTable(ident)
  const { refs, lastSequenceNumber, lastUpdatedMs } = table.metadata
  const main = currentSnapshot(table)!
  const tip = refs[BRANCH]?.snapshotId
  const snapshot = {
    ...main,
    snapshotId: BigInt.asUintN(63, randomBytes(8).readBigUInt64LE()),
    parentSnapshotId: tip ?? main.snapshotId,
    sequenceNumber: lastSequenceNumber + 1,
    timestampMs: Math.max(Date.now(), lastUpdatedMs),
    summary: { operation: 'append' },
  }
  await catalog.commit(
    ident,
    [{ type: 'assert-ref-snapshot-id', ref: BRANCH, snapshotId: tip ?? null }],
    [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', ref: BRANCH, type: 'branch', snapshotId: snapshot.snapshotId },
    ],
  )
}
