import type { ObjectStore } from '../ports.ts'
import type { LiveFile } from './dataFile.ts'
import { InvalidRows } from './errors.ts'
import type { ManifestEntry } from './manifest/entry.ts'
import { liveFiles, type ManifestFile } from './manifest/manifestFile.ts'
import { isWithin, mayHold, type PartitionRanges } from './manifest/prune.ts'
import { currentManifests, readManifests } from './manifest/readManifests.ts'
import { refuseDeletes } from './manifest/refuseDeletes.ts'
import type { HasMetadata } from './metadata.ts'

/** Which files are wanted; without any of these, all. */
export interface PlanOptions {
  /** Only files whose data sequence number is at least this. */
  readonly minSequenceNumber?: number
  /** Only these partitions, by partition field name; whole manifests are left unread by it. */
  readonly within?: PartitionRanges
  /** Only files for which this is true. */
  readonly keep?: (file: LiveFile) => boolean
}

/**
 * The data files of the current snapshot; none for a table without one. Manifests are read once per store and remembered.
 * Throws `UnsupportedTable` when another engine's row-level deletes may apply to one of the files.
 */
export async function planFiles(
  store: ObjectStore,
  table: HasMetadata,
  options: PlanOptions = {},
): Promise<LiveFile[]> {
  const files: LiveFile[] = []
  for await (const some of scanFiles(store, table, options)) files.push(...some)
  return files
}

/** How many manifests are in memory at once: up to 1,024 files each. */
const MANIFESTS_AT_ONCE = 8

/** What `planFiles` gives, some files at a time: for a table of so many that they should not be held all at once. */
export async function* scanFiles(
  store: ObjectStore,
  table: HasMetadata,
  options: PlanOptions = {},
): AsyncGenerator<readonly LiveFile[]> {
  const manifests = await currentManifests(store, table)
  const wanted = manifests.filter(manifest => mayBeWanted(table, manifest, options))
  for (let i = 0; i < wanted.length; i += MANIFESTS_AT_ONCE) {
    const entries = await readManifests(store, table.metadata, wanted.slice(i, i + MANIFESTS_AT_ONCE))
    const files = entries.flatMap(some => some.filter(entry => isWanted(entry, options)).map(liveFile))
    const kept = options.keep ? files.filter(options.keep) : files
    refuseDeletes(table.metadata, manifests, kept)
    yield kept
  }
}

function mayBeWanted(
  { metadata }: HasMetadata,
  manifest: ManifestFile,
  { minSequenceNumber = 0, within }: PlanOptions,
): boolean {
  if (manifest.content !== 'data' || liveFiles(manifest) === 0) return false
  return manifest.sequenceNumber >= minSequenceNumber && (!within || mayHold(metadata, manifest, within))
}

function isWanted(entry: ManifestEntry, { minSequenceNumber = 0, within }: PlanOptions): boolean {
  if (entry.status === 'deleted' || (entry.sequenceNumber ?? 0) < minSequenceNumber) return false
  return !within || isWithin(entry.file.partition, within)
}

/** A live entry as a file; every entry that was read has its sequence numbers. */
function liveFile({ file, snapshotId, sequenceNumber, fileSequenceNumber }: ManifestEntry): LiveFile {
  if (sequenceNumber === undefined || fileSequenceNumber === undefined)
    throw new InvalidRows(`file ${file.path} is not committed yet`)
  return { ...file, snapshotId, sequenceNumber, fileSequenceNumber }
}
