import type { ObjectStore } from '../ports.ts'
import type { LiveFile } from './dataFile.ts'
import { readDeletes } from './deletes/deleteIndex.ts'
import type { ManifestEntry } from './manifest/entry.ts'
import { liveFile } from './manifest/liveEntries.ts'
import { liveFiles, type ManifestFile } from './manifest/manifestFile.ts'
import { type ColumnRanges, isWithin, mayHaveRows, mayHold, partitionsWith } from './manifest/prune.ts'
import { currentManifests, readManifests } from './manifest/readManifests.ts'
import { type HasMetadata, schemaOfSpec, specById, type TableMetadata } from './metadata.ts'
import { withPartitionBounds } from './partitionBounds.ts'

/** Which files are wanted; without any of these, all. */
export interface PlanOptions {
  /** Only files whose data sequence number is at least this. */
  readonly minSequenceNumber?: number
  /**
   * Ranges of values by column name: only files that may have such rows are planned. It skips whole manifests too, however the
   * table is partitioned.
   */
  readonly within?: ColumnRanges
  /** Only files for which this is true. */
  readonly keep?: (file: LiveFile) => boolean
}

/**
 * The data files of the current snapshot, each with the delete files that may apply to it; none for a table without a
 * snapshot. Manifests are read once per store and remembered.
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

/** Gives the files of `planFiles` in portions, for a table with too many to hold in memory at once. */
export async function* scanFiles(
  store: ObjectStore,
  table: HasMetadata,
  options: PlanOptions = {},
): AsyncGenerator<readonly LiveFile[]> {
  const manifests = await currentManifests(store, table)
  const deletes = await readDeletes(store, table.metadata, manifests)
  const wanted = manifests.filter(manifest => mayBeWanted(table, manifest, options))
  for (let i = 0; i < wanted.length; i += MANIFESTS_AT_ONCE) {
    const entries = await readManifests(store, table.metadata, wanted.slice(i, i + MANIFESTS_AT_ONCE))
    const live = entries.flatMap((some, j) => wantedFiles(table.metadata, some, wanted[i + j]!, options))
    const files = deletes === undefined ? live : live.map(file => deletes.attach(file))
    yield options.keep ? files.filter(options.keep) : files
  }
}

function mayBeWanted(
  { metadata }: HasMetadata,
  manifest: ManifestFile,
  { minSequenceNumber = 0, within }: PlanOptions,
): boolean {
  if (manifest.content !== 'data' || liveFiles(manifest) === 0) return false
  if (manifest.sequenceNumber < minSequenceNumber) return false
  return !within || mayHold(metadata, manifest, partitionsWith(metadata, manifest.specId, within))
}

function wantedFiles(
  metadata: TableMetadata,
  entries: readonly ManifestEntry[],
  { specId }: ManifestFile,
  { minSequenceNumber = 0, within = {} }: PlanOptions,
): LiveFile[] {
  const spec = specById(metadata, specId)
  const schema = schemaOfSpec(metadata, spec)
  const partitions = partitionsWith(metadata, specId, within)
  return entries
    .filter(
      ({ status, sequenceNumber = 0, file }) =>
        status !== 'deleted' && sequenceNumber >= minSequenceNumber && isWithin(file.partition, partitions),
    )
    .map(entry => withPartitionBounds(liveFile(entry), spec, schema))
    .filter(file => mayHaveRows(metadata, file, within))
}
