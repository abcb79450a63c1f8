import type { ObjectStore } from '../../ports.ts'
import { type LiveFile, partitionKey } from '../dataFile.ts'
import { liveEntries } from '../manifest/liveEntries.ts'
import type { ManifestFile } from '../manifest/manifestFile.ts'
import { mayHold, rangesOf } from '../manifest/prune.ts'
import { readManifests } from '../manifest/readManifests.ts'
import type { TableMetadata } from '../metadata.ts'
import { mayName, onlyNamed } from './positionBounds.ts'

/** Position delete files that apply only to the given data files, and to no other data file that stays in the table. */
export async function danglingDeletes(
  store: ObjectStore,
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
  removed: readonly LiveFile[],
): Promise<LiveFile[]> {
  const deletes = new Map(removed.flatMap(file => file.deletes ?? []).map(one => [one.path, one]))
  const gone = new Set(removed.map(({ path }) => path))
  const dangling: LiveFile[] = []
  for (const one of deletes.values()) {
    const isNeeded = onlyNamed(one) === undefined && (await isNeededBy(store, metadata, manifests, one, gone))
    if (!isNeeded) dangling.push(one)
  }
  return dangling
}

/** True when the delete file may name a data file that stays. */
async function isNeededBy(
  store: ObjectStore,
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
  deletes: LiveFile,
  gone: ReadonlySet<string>,
): Promise<boolean> {
  const { specId, partition, sequenceNumber } = deletes
  const key = partitionKey(deletes)
  const candidates = manifests.filter(
    manifest =>
      manifest.content === 'data' &&
      manifest.specId === specId &&
      manifest.minSequenceNumber <= sequenceNumber &&
      mayHold(metadata, manifest, rangesOf(partition)),
  )
  for (const entries of await readManifests(store, metadata, candidates)) {
    for (const file of liveEntries(entries)) {
      if (!gone.has(file.path) && partitionKey(file) === key && mayName(deletes, file)) return true
    }
  }
  return false
}
