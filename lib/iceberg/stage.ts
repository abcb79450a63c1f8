import { randomBytes } from 'node:crypto'
import type { ObjectStore } from '../ports.ts'
import type { Requirement, Update } from './catalog.ts'
import type { DataFile, LiveFile } from './dataFile.ts'
import { danglingDeletes } from './deletes/danglingDeletes.ts'
import { refuseEqualityDeletes, versionOf } from './deletes/deletedRows.ts'
import { readDeletes } from './deletes/deleteIndex.ts'
import { FileNotLive } from './errors.ts'
import { expireSnapshots, type Retention } from './expire.ts'
import { asOf, headOf } from './lineage.ts'
import { manifestCacheOf } from './manifest/manifestCache.ts'
import { liveFiles, type ManifestFile } from './manifest/manifestFile.ts'
import { mergeManifests } from './manifest/mergeManifests.ts'
import { readManifestList } from './manifest/readManifests.ts'
import { removeFiles } from './manifest/removeFiles.ts'
import {
  type SnapshotIds,
  type StartedManifest,
  startManifest,
  writeManifestList,
} from './manifest/writeManifest.ts'
import { currentSnapshot, type Snapshot, type TableMetadata } from './metadata.ts'
import { summarize } from './summary.ts'
import { copySummary } from './summaryCopy.ts'
import type { Table } from './table.ts'
import { refuseUnwritable } from './unwritable.ts'

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
  /** Further properties of the snapshot. The table keeps a copy that outlives the snapshot. */
  readonly summary?: Readonly<Record<string, string>>
  /** The time of the commit; a snapshot is always later than all that the table lists. */
  readonly nowMs: number
}

/** A snapshot whose files are written, ready to be committed on exactly the table that it was staged for. */
export interface Staged {
  readonly snapshot: Snapshot
  readonly requirements: readonly Requirement[]
  readonly updates: readonly Update[]
  /**
   * Stages the same snapshot with the next sequence number of a later version of the table; it writes only the manifest list.
   * Undefined when that version has other rows.
   */
  stageAgain(later: Table): Promise<Staged | undefined>
}

/**
 * Writes the manifests and the manifest list of a change, and nothing else; data files of an attempt that failed
 * may be staged again. On a table that `asOf` gave, the change takes back all later snapshots. Delete files that apply only to
 * removed data files are removed with them. Throws `FileNotLive` when a file to remove is not in the table, or had rows
 * deleted since it was planned; `UnsupportedTable` for a table that cannot be written here.
 */
export async function stageSnapshot(
  store: ObjectStore,
  table: Table,
  change: Change,
  retention: Retention = {},
): Promise<Staged> {
  const { metadata } = table
  refuseUnwritable(table)
  const parent = currentSnapshot(table)
  const ids: SnapshotIds = {
    snapshotId: randomSnapshotId(),
    ...(parent ? { parentSnapshotId: parent.snapshotId } : {}),
    sequenceNumber: metadata.lastSequenceNumber + 1,
  }
  const carried = parent ? (await readManifestList(store, parent)).filter(hasLiveFiles) : []
  const dangling = await checkRemoved(store, metadata, carried, change)
  const kept = await remainingManifests(store, metadata, ids, carried, [
    ...(change.remove ?? []),
    ...dangling,
  ])
  // The manifest list needs only what is known before the manifests are stored: all are written at once.
  const added = startAdded(store, metadata, ids, change)
  const manifests = [...added.map(({ manifest }) => manifest), ...kept]
  const parts = {
    ids,
    manifests,
    nowMs: change.nowMs,
    summary: summarize(parent, change, dangling),
    copied: change.summary,
    retention,
  }
  const [staged] = await Promise.all([finish(store, table, parts), ...added.map(({ stored }) => stored)])
  return staged
}

/** The parts of a snapshot before its manifest list, time and requirements are made. */
interface Parts {
  readonly ids: SnapshotIds
  readonly manifests: readonly ManifestFile[]
  readonly nowMs: number
  readonly summary: Snapshot['summary']
  /** The properties of the summary that the table keeps a copy of. */
  readonly copied: Change['summary']
  readonly retention: Retention
}

async function finish(store: ObjectStore, table: Table, parts: Parts): Promise<Staged> {
  const { metadata } = table
  const { ids, manifests, nowMs, summary, copied, retention } = parts
  const snapshot: Snapshot = {
    ...ids,
    timestampMs: Math.max(nowMs, metadata.lastUpdatedMs, newestMs(metadata) + 1),
    manifestList: await writeManifestList(store, metadata, ids, manifests),
    schemaId: metadata.currentSchemaId,
    summary,
  }
  return {
    snapshot,
    ...request(table, snapshot, copied, retention),
    stageAgain: async later => {
      const again = sameVersion(table, later)
      if (again === undefined) return undefined
      const sequenceNumber = later.metadata.lastSequenceNumber + 1
      const renumbered = renumber(store, ids, manifests, sequenceNumber)
      return finish(store, again, { ...parts, ids: { ...ids, sequenceNumber }, manifests: renumbered })
    },
  }
}

/** DuckDB reads the snapshot with the latest time, whichever is the current one, and whoever's clock was fast. */
function newestMs({ snapshots }: TableMetadata): number {
  return snapshots.reduce((newest, { timestampMs }) => Math.max(newest, timestampMs), 0)
}

/**
 * The later table as of the snapshot that the table is at, which others may have gone on from; undefined where more was
 * committed since than to branches, tags and properties, or that snapshot is no longer listed.
 */
function sameVersion(table: Table, later: Table): Table | undefined {
  const { metadata: before } = table
  const { metadata: after } = later
  const isSame =
    before.tableUuid === after.tableUuid &&
    headOf(table)?.snapshotId === headOf(later)?.snapshotId &&
    before.currentSchemaId === after.currentSchemaId &&
    before.defaultSpecId === after.defaultSpecId &&
    before.formatVersion === after.formatVersion
  if (!isSame) return undefined
  const parent = currentSnapshot(table)
  if (parent === undefined) return later
  return after.snapshots.some(({ snapshotId }) => snapshotId === parent.snapshotId)
    ? asOf(later, parent)
    : undefined
}

/** The manifests, with the later sequence number in the snapshot's own ones: new files inherit it from these. */
function renumber(
  store: ObjectStore,
  { snapshotId, sequenceNumber: earlier }: SnapshotIds,
  manifests: readonly ManifestFile[],
  sequenceNumber: number,
): ManifestFile[] {
  return manifests.map(manifest => {
    if (manifest.addedSnapshotId !== snapshotId) return manifest
    manifestCacheOf(store).entries.delete(manifest.path)
    const { minSequenceNumber: min } = manifest
    return { ...manifest, sequenceNumber, minSequenceNumber: min === earlier ? sequenceNumber : min }
  })
}

/** https://iceberg.apache.org/spec/#snapshots: unique and positive; random, as there is nobody to hand them out. */
function randomSnapshotId(): bigint {
  return BigInt.asUintN(63, randomBytes(8).readBigUInt64LE()) || 1n
}

function hasLiveFiles(manifest: ManifestFile): boolean {
  return liveFiles(manifest) > 0
}

/**
 * Throws `FileNotLive` when rows of a file to remove were deleted since it was planned: they would come back. Gives the delete
 * files that apply only to removed data files.
 */
async function checkRemoved(
  store: ObjectStore,
  metadata: TableMetadata,
  carried: readonly ManifestFile[],
  { remove = [] }: Change,
): Promise<LiveFile[]> {
  const deletes = remove.length === 0 ? undefined : await readDeletes(store, metadata, carried)
  for (const file of remove) {
    const current = { ...file, deletes: deletes?.of(file) ?? [] }
    if (versionOf(current) !== versionOf(file))
      throw new FileNotLive(`rows of ${file.path} were deleted since it was read: plan again`)
    refuseEqualityDeletes(file)
  }
  return danglingDeletes(store, metadata, carried, remove)
}

async function remainingManifests(
  store: ObjectStore,
  metadata: TableMetadata,
  ids: SnapshotIds,
  carried: readonly ManifestFile[],
  remove: readonly LiveFile[],
): Promise<ManifestFile[]> {
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
  copied: Change['summary'],
  retention: Retention,
): Pick<Staged, 'requirements' | 'updates'> {
  const { snapshotId } = snapshot
  const { tableUuid, currentSchemaId, defaultSpecId } = table.metadata
  const expired = expireSnapshots(table, snapshot, retention)
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: headOf(table)?.snapshotId ?? null },
      // Others may change columns and partition specs without a snapshot.
      { type: 'assert-current-schema-id', schemaId: currentSchemaId },
      { type: 'assert-default-spec-id', specId: defaultSpecId },
    ],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId },
      ...copySummary(snapshot, copied),
      ...(expired.length > 0 ? [{ action: 'remove-snapshots', snapshotIds: expired } as const] : []),
    ],
  }
}
