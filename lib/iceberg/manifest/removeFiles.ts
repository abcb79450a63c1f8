import type { ObjectStore } from '../../ports.ts'
import { type LiveFile, partitionKey } from '../dataFile.ts'
import { FileNotLive } from '../errors.ts'
import type { TableMetadata } from '../metadata.ts'
import type { ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'
import { carriedOn } from './mergeManifests.ts'
import { mayHold, type PartitionRanges, rangesOf } from './prune.ts'
import { readManifests } from './readManifests.ts'
import { type SnapshotIds, writeManifest } from './writeManifest.ts'

/** Manifests after files were removed: untouched ones, and rewritten ones. */
export interface Remaining {
  readonly kept: readonly ManifestFile[]
  readonly rewritten: readonly ManifestFile[]
}

/**
 * Removes files from their manifests. Each such manifest is rewritten: the file stays as a deleted entry of this
 * snapshot (expiry deletes it by that), the others as existing, all with their own sequence numbers.
 * Throws `FileNotLive` when a file is in none of the manifests.
 */
export async function removeFiles(
  store: ObjectStore,
  metadata: TableMetadata,
  ids: SnapshotIds,
  manifests: readonly ManifestFile[],
  files: readonly LiveFile[],
): Promise<Remaining> {
  if (files.length === 0) return { kept: manifests, rewritten: [] }
  const missing = new Set(files.map(file => file.path))
  const kinds = Map.groupBy(files, file => `${file.deletesBy} ${partitionKey(file)}`)
  const sought = [...kinds.values()].map(soughtOf)
  const candidates = manifests.filter(manifest => sought.some(some => mayList(metadata, manifest, some)))
  const read = await readManifests(store, metadata, candidates)
  const touched = candidates
    .map((manifest, i) => ({ manifest, entries: read[i] ?? [] }))
    .filter(({ entries }) => entries.some(entry => isRemoved(entry, missing)))
  const rewritten = await Promise.all(
    touched.map(({ manifest, entries }) =>
      writeManifest(store, metadata, ids, manifest.specId, withoutFiles(entries, missing, ids.snapshotId)),
    ),
  )
  for (const { entries } of touched)
    for (const entry of entries) if (entry.status !== 'deleted') missing.delete(entry.file.path)
  if (missing.size > 0)
    throw new FileNotLive(`${[...missing][0]} is no longer in table ${metadata.location}: plan again`)
  const gone = new Set(touched.map(({ manifest }) => manifest))
  return { kept: manifests.filter(manifest => !gone.has(manifest)), rewritten }
}

/** The fields of files of one partition and content by which their manifests are found. */
interface Sought {
  readonly content: ManifestFile['content']
  readonly specId: number
  readonly ranges: PartitionRanges
  readonly oldestFile: number
  readonly newestRows: number
}

function soughtOf(files: readonly LiveFile[]): Sought {
  return {
    content: files[0]?.deletesBy === undefined ? 'data' : 'deletes',
    specId: files[0]?.specId ?? 0,
    ranges: rangesOf(files[0]?.partition ?? {}),
    oldestFile: files.reduce(
      (least, file) => Math.min(least, file.fileSequenceNumber),
      Number.POSITIVE_INFINITY,
    ),
    newestRows: files.reduce((most, file) => Math.max(most, file.sequenceNumber), 0),
  }
}

/** A manifest lists files at least as old as itself; its summaries cover their partitions. */
function mayList(metadata: TableMetadata, manifest: ManifestFile, sought: Sought): boolean {
  return (
    manifest.content === sought.content &&
    manifest.specId === sought.specId &&
    manifest.sequenceNumber >= sought.oldestFile &&
    manifest.minSequenceNumber <= sought.newestRows &&
    mayHold(metadata, manifest, sought.ranges)
  )
}

function isRemoved({ status, file }: ManifestEntry, paths: ReadonlySet<string>): boolean {
  return status !== 'deleted' && paths.has(file.path)
}

function withoutFiles(
  entries: readonly ManifestEntry[],
  paths: ReadonlySet<string>,
  snapshotId: bigint,
): ManifestEntry[] {
  return entries.flatMap(entry =>
    isRemoved(entry, paths) ? [{ ...entry, status: 'deleted' as const, snapshotId }] : carriedOn(entry),
  )
}
