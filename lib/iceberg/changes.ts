import type { ObjectStore } from '../ports.ts'
import type { DataFile } from './dataFile.ts'
import { UnreadableFile } from './errors.ts'
import { readManifestList, readManifests } from './manifest/readManifests.ts'
import type { HasMetadata, Snapshot } from './metadata.ts'

/** What one snapshot did to the files of its table. */
export interface FileChanges {
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
  /** Files that say which rows of others are deleted, new with this snapshot. */
  readonly addedDeletes: readonly DataFile[]
}

/** A change of no file, and one that puts the same rows into other files: rows are as they were. */
export const NO_CHANGES: FileChanges = { added: [], removed: [], addedDeletes: [] }

/**
 * What a snapshot did to its table's files, by its own manifests; `NO_CHANGES` where the rows stayed as they were: it
 * rewrote manifests alone, or replaced files by others with as many rows and says so (`replace`). Throws `UnreadableFile`
 * where the manifests do not list what was removed.
 * https://iceberg.apache.org/spec/#manifests
 */
export async function changesOf(
  store: ObjectStore,
  { metadata }: HasMetadata,
  snapshot: Snapshot,
): Promise<FileChanges> {
  const { snapshotId, summary } = snapshot
  const own = (await readManifestList(store, snapshot)).filter(
    manifest => manifest.addedSnapshotId === snapshotId && manifest.addedFiles + manifest.deletedFiles > 0,
  )
  const [data, deletes] = [own.filter(({ content }) => content === 'data'), own.filter(isOfDeletes)]
  const sum = (some: typeof own, count: 'addedRows' | 'deletedRows' | 'addedFiles' | 'deletedFiles') =>
    some.reduce((total, manifest) => total + manifest[count], 0)
  const listed = sum(data, 'deletedFiles')
  const removed = Number(summary['deleted-data-files'] ?? 0)
  if (removed > listed)
    throw new UnreadableFile(`snapshot ${snapshotId} removed ${removed} files and lists ${listed} of them`)
  // Who merges files leaves out the rows that delete files named, and removes those together with them.
  const isReplaced = sum(data, 'addedRows') === sum(data, 'deletedRows') - sum(deletes, 'deletedRows')
  if (summary.operation === 'replace' && isReplaced && sum(deletes, 'addedFiles') === 0) return NO_CHANGES
  const entries = (await readManifests(store, metadata, data)).flat()
  const deleteEntries = (await readManifests(store, metadata, deletes)).flat()
  const filesOf = (some: typeof entries, status: 'added' | 'deleted') =>
    some.filter(entry => entry.status === status && entry.snapshotId === snapshotId).map(({ file }) => file)
  return {
    added: filesOf(entries, 'added'),
    removed: filesOf(entries, 'deleted'),
    addedDeletes: filesOf(deleteEntries, 'added'),
  }
}

function isOfDeletes({ content }: { readonly content: 'data' | 'deletes' }): boolean {
  return content === 'deletes'
}

/** True where a snapshot changed no row. */
export function isUnchanged({ added, removed, addedDeletes }: FileChanges): boolean {
  return added.length === 0 && removed.length === 0 && addedDeletes.length === 0
}
