import { randomBytes } from 'node:crypto'
import type { ObjectStore } from '../ports.ts'
import type { Requirement, Update } from './catalog.ts'
import type { DataFile, LiveFile } from './dataFile.ts'
import { UnsupportedTable } from './errors.ts'
import { expireSnapshots, type Retention } from './expire.ts'
import { headOf } from './lineage.ts'
import { liveFiles, type ManifestFile } from './manifest/manifestFile.ts'
import { mergeManifests } from './manifest/mergeManifests.ts'
import { readManifestList } from './manifest/readManifests.ts'
import { refuseDeletes } from './manifest/refuseDeletes.ts'
import { removeFiles } from './manifest/removeFiles.ts'
import {
  type SnapshotIds,
  type StartedManifest,
  startManifest,
  writeManifestList,
} from './manifest/writeManifest.ts'
import { currentSnapshot, type Snapshot, type TableMetadata } from './metadata.ts'
import { summarize } from './summary.ts'
import type { Table } from './table.ts'

/** What a snapshot changes. Nothing added and nothing removed is an empty append, which carries only its summary. */
export interface Change {
  readonly add: readonly DataFile[]
  /** Live files of the table's current snapshot, as `planFiles` gave them. */
  readonly remove?: readonly LiveFile[]
  /**
   * The rows are the table's own in other files: those added are given this data sequence number, the largest of
   * those removed, so that a reader of what is newer than some number never sees an old row again.
   */
  readonly rewriteOf?: number
  /** Further properties of the snapshot. */
  readonly summary?: Readonly<Record<string, string>>
  /** The time of the commit; a snapshot is never older than the table's last change. */
  readonly nowMs: number
}

/** A snapshot whose files are written, ready to be committed on exactly the table that it was staged for. */
export interface Staged {
  readonly snapshot: Snapshot
  readonly requirements: readonly Requirement[]
  readonly updates: readonly Update[]
}

/**
 * Writes the manifests and the manifest list of a change, and nothing else; data files of an attempt that failed
 * may be staged again. On a table as it was at an earlier snapshot, the change takes back what came after that. Throws `FileNotLive` when a file to remove is not in the table, `UnsupportedTable` for a table
 * of another format version or with row-level deletes on a file to remove.
 */
export async function stageSnapshot(
  store: ObjectStore,
  table: Table,
  change: Change,
  retention: Retention = {},
): Promise<Staged> {
  const { metadata } = table
  refuseOtherFormats(metadata)
  const parent = currentSnapshot(table)
  const ids: SnapshotIds = {
    snapshotId: randomSnapshotId(),
    ...(parent ? { parentSnapshotId: parent.snapshotId } : {}),
    sequenceNumber: metadata.lastSequenceNumber + 1,
  }
  const carried = parent ? (await readManifestList(store, parent)).filter(hasLiveFiles) : []
  const kept = await remainingManifests(store, metadata, ids, carried, change)
  // The list says of the new manifests only what is known before they are stored.
  const added = startAdded(store, metadata, ids, change)
  const manifests = [...added.map(({ manifest }) => manifest), ...kept]
  const [manifestList] = await Promise.all([
    writeManifestList(store, metadata, ids, manifests),
    ...added.map(({ stored }) => stored),
  ])
  const snapshot: Snapshot = {
    ...ids,
    timestampMs: Math.max(change.nowMs, metadata.lastUpdatedMs),
    manifestList,
    schemaId: metadata.currentSchemaId,
    summary: summarize(parent, change),
  }
  return { snapshot, ...request(table, snapshot, retention) }
}

function refuseOtherFormats({ formatVersion, location }: TableMetadata): void {
  if (formatVersion !== 2)
    throw new UnsupportedTable(
      `table ${location} has Iceberg format version ${formatVersion}; only 2 is written here`,
    )
}

/** https://iceberg.apache.org/spec/#snapshots: unique and positive; random, as there is nobody to hand them out. */
function randomSnapshotId(): bigint {
  return BigInt.asUintN(63, randomBytes(8).readBigUInt64LE()) || 1n
}

function hasLiveFiles(manifest: ManifestFile): boolean {
  return liveFiles(manifest) > 0
}

async function remainingManifests(
  store: ObjectStore,
  metadata: TableMetadata,
  ids: SnapshotIds,
  carried: readonly ManifestFile[],
  { remove = [] }: Change,
): Promise<ManifestFile[]> {
  refuseDeletes(metadata, carried, remove)
  const { kept, rewritten } = await removeFiles(store, metadata, ids, carried, remove)
  return [...rewritten, ...(await mergeManifests(store, metadata, ids, kept))]
}

function startAdded(
  store: ObjectStore,
  metadata: TableMetadata,
  ids: SnapshotIds,
  { add, rewriteOf }: Change,
): StartedManifest[] {
  const sequence = rewriteOf === undefined ? {} : { sequenceNumber: rewriteOf }
  return [...Map.groupBy(add, file => file.specId)].map(([specId, files]) =>
    startManifest(
      store,
      metadata,
      ids,
      specId,
      files.map(file => ({ status: 'added', snapshotId: ids.snapshotId, ...sequence, file })),
    ),
  )
}

function request(
  table: Table,
  snapshot: Snapshot,
  retention: Retention,
): Pick<Staged, 'requirements' | 'updates'> {
  const { snapshotId } = snapshot
  const expired = expireSnapshots(table, snapshot, retention)
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: table.metadata.tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: headOf(table)?.snapshotId ?? null },
    ],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId },
      ...(expired.length > 0 ? [{ action: 'remove-snapshots', snapshotIds: expired } as const] : []),
    ],
  }
}
