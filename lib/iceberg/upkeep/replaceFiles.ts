import type { ObjectStore } from '../../ports.ts'
import type { Catalog } from '../catalog.ts'
import { commitSnapshot, findSnapshot } from '../commit.ts'
import type { DataFile, LiveFile } from '../dataFile.ts'
import { CommitConflict, CommitUnknown, FileNotLive } from '../errors.ts'
import type { Retention } from '../expire.ts'
import { removeOldMetadata } from '../removeOldMetadata.ts'
import { stageSnapshot } from '../stage.ts'
import type { Table, TableIdent } from '../table.ts'

/** Files with the same rows as others, to be put in their place. */
export interface Replacement {
  readonly remove: readonly LiveFile[]
  readonly add: readonly DataFile[]
}

/** What a replacement's snapshot needs beside the files. */
export interface ReplaceOptions {
  readonly nowMs: () => number
  readonly retention: Retention
  /** The properties that the new snapshot carries on, of the table as it is then. */
  readonly summary: (table: Table) => Readonly<Record<string, string>>
}

/** Others come first: after so many lost races this one waits for another time. */
const MAX_ATTEMPTS = 4

/**
 * Puts files in the place of others with the same rows, in one commit on whatever the table has become meanwhile.
 * False, and nothing is changed, when one of the files is no longer in the table or other commits were always faster.
 */
export async function replaceFiles(
  { catalog, store }: { readonly catalog: Catalog; readonly store: ObjectStore },
  ident: TableIdent,
  { remove, add }: Replacement,
  { nowMs, retention, summary }: ReplaceOptions,
): Promise<boolean> {
  const rewriteOf = remove.reduce((most, { sequenceNumber }) => Math.max(most, sequenceNumber), 0)
  const offered: bigint[] = []
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const table = await catalog.loadTable(ident)
    if (offered.some(id => findSnapshot(table, id) === 'ancestor')) return true
    try {
      const change = { add, remove, rewriteOf, summary: summary(table), nowMs: nowMs() }
      const staged = await stageSnapshot(store, table, change, retention)
      offered.push(staged.snapshot.snapshotId)
      await removeOldMetadata(store, table, await commitSnapshot(catalog, table, staged))
      return true
    } catch (error) {
      if (error instanceof FileNotLive) return false
      if (!(error instanceof CommitConflict || error instanceof CommitUnknown)) throw error
    }
  }
  const table = await catalog.loadTable(ident)
  return offered.some(id => findSnapshot(table, id) === 'ancestor')
}
