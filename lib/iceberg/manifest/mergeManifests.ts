import type { ObjectStore } from '../../ports.ts'
import type { TableMetadata } from '../metadata.ts'
import type { ManifestEntry } from './entry.ts'
import { liveFiles, type ManifestFile } from './manifestFile.ts'
import { readManifests } from './readManifests.ts'
import { type SnapshotIds, writeManifest } from './writeManifest.ts'

/** So many manifests of one size class become one of the next class. */
const FAN_IN = 32

/** A manifest with this many files is left alone for ever. */
const FULL_FILES = FAN_IN ** 2

/**
 * Merges small manifests when there are many: 32 with fewer than 32 files each become one, 32 with fewer than
 * 1,024 each become one. So a file's entry is rewritten at most twice, however long the table lives, and the list
 * has at most 62 manifests that are not full.
 */
export async function mergeManifests(
  store: ObjectStore,
  metadata: TableMetadata,
  ids: SnapshotIds,
  manifests: readonly ManifestFile[],
): Promise<readonly ManifestFile[]> {
  const [crowd] = crowds(manifests)
  if (!crowd) return manifests
  const entries = (await readManifests(store, metadata, crowd)).flat()
  const merged = await writeManifest(store, metadata, ids, crowd[0]?.specId ?? 0, entries.flatMap(carriedOn))
  const gone = new Set(crowd)
  // One merge may fill up the next class.
  return mergeManifests(store, metadata, ids, [...manifests.filter(manifest => !gone.has(manifest)), merged])
}

/** Groups of manifests of one content, spec and size class that have become too many. */
function crowds(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const classes = Map.groupBy(manifests.filter(isSmall), manifest => {
    const size = Math.floor(Math.log(liveFiles(manifest)) / Math.log(FAN_IN))
    return `${manifest.content} ${manifest.specId} ${size}`
  })
  return [...classes.values()].filter(members => members.length >= FAN_IN)
}

function isSmall(manifest: ManifestFile): boolean {
  return liveFiles(manifest) < FULL_FILES
}

/** What a later snapshot keeps of an entry: deletions of earlier snapshots are not copied. */
export function carriedOn(entry: ManifestEntry): ManifestEntry[] {
  return entry.status === 'deleted' ? [] : [{ ...entry, status: 'existing' }]
}
