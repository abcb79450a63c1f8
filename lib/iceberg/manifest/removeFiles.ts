import type { ObjectStore } from '../../ports.ts'
import type { LiveFile } from '../dataFile.ts'
import { CommitConflict } from '../errors.ts'
import type { TableMetadata } from '../metadata.ts'
import type { ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'
import { carriedOn } from './mergeManifests.ts'
import { mayHold, rangesOf } from './prune.ts'
import { readManifests } from './readManifests.ts'
import { type SnapshotIds, writeManifest } from './writeManifest.ts'

/** Manifests after files were taken out: untouched ones, and those written anew. */
export interface Remaining {
  readonly kept: readonly ManifestFile[]
  readonly rewritten: readonly ManifestFile[]
}

/**
 * Takes files out of their manifests. Each such manifest is written anew: the file stays as a deleted entry of this
 * snapshot (expiry deletes it by that), the others as existing, all with their own sequence numbers.
 * Throws `CommitConflict` when a file is in none of the manifests.
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
  const candidates = manifests.filter(manifest => files.some(file => mayList(metadata, manifest, file)))
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
    throw new CommitConflict(`${[...missing][0]} is no longer in table ${metadata.location}: plan again`)
  const gone = new Set(touched.map(({ manifest }) => manifest))
  return { kept: manifests.filter(manifest => !gone.has(manifest)), rewritten }
}

/** A manifest lists files at least as old as itself; its summaries cover their partitions. */
function mayList(metadata: TableMetadata, manifest: ManifestFile, file: LiveFile): boolean {
  return (
    manifest.content === 'data' &&
    manifest.specId === file.specId &&
    manifest.sequenceNumber >= file.fileSequenceNumber &&
    manifest.minSequenceNumber <= file.sequenceNumber &&
    mayHold(metadata, manifest, rangesOf(file.partition))
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
