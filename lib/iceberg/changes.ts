import type { ObjectStore } from '../ports.ts'
import type { DataFile } from './dataFile.ts'
import { UnreadableFile } from './errors.ts'
import { readManifestList, readManifests } from './manifest/readManifests.ts'
import { type HasMetadata, type Snapshot, schemaOfSpec, specById, type TableMetadata } from './metadata.ts'
import { withPartitionBounds } from './partitionBounds.ts'

/** The changes of one snapshot to the files of its table. The files' bounds have those of their partitions too. */
export interface FileChanges {
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
  /** Delete files that this snapshot added. */
  readonly addedDeletes: readonly DataFile[]
}

/** For a snapshot that changed no file, or moved the same rows into other files. */
export const NO_CHANGES: FileChanges = { added: [], removed: [], addedDeletes: [] }

/**
 * Reads from a snapshot's own manifests which files it added and removed. Gives `NO_CHANGES` where it only rewrote manifests,
 * or replaced files by others with as many rows (operation `replace`). Throws `UnreadableFile` where the manifests do not list
 * the removed files.
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
  // A merge drops the rows that delete files name, and removes these delete files in the same snapshot.
  const isReplaced = sum(data, 'addedRows') === sum(data, 'deletedRows') - sum(deletes, 'deletedRows')
  if (summary.operation === 'replace' && isReplaced && sum(deletes, 'addedFiles') === 0) return NO_CHANGES
  const entries = (await readManifests(store, metadata, data)).flat()
  const deleteEntries = (await readManifests(store, metadata, deletes)).flat()
  const filesOf = (some: typeof entries, status: 'added' | 'deleted') =>
    some
      .filter(entry => entry.status === status && entry.snapshotId === snapshotId)
      .map(({ file }) => withBounds(file, metadata))
  return {
    added: filesOf(entries, 'added'),
    removed: filesOf(entries, 'deleted'),
    addedDeletes: filesOf(deleteEntries, 'added'),
  }
}

function withBounds(file: DataFile, metadata: TableMetadata): DataFile {
  const spec = specById(metadata, file.specId)
  return withPartitionBounds(file, spec, schemaOfSpec(metadata, spec))
}

function isOfDeletes({ content }: { readonly content: 'data' | 'deletes' }): boolean {
  return content === 'deletes'
}

/** True where a snapshot changed no row. */
export function isUnchanged({ added, removed, addedDeletes }: FileChanges): boolean {
  return added.length === 0 && removed.length === 0 && addedDeletes.length === 0
}
