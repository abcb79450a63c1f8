import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import { type Snapshot, specById, type TableMetadata } from '../metadata.ts'
import type { ManifestEntry } from './entry.ts'
import { decodeManifest } from './manifest.ts'
import { manifestCacheOf } from './manifestCache.ts'
import type { ManifestFile } from './manifestFile.ts'
import { decodeManifestList } from './manifestList.ts'

/** Reads under way at once: enough to hide the store's latency, few enough for its sockets. */
const PARALLEL_READS = 8

/** The manifests of a snapshot, in its order. */
export async function readManifestList(
  store: ObjectStore,
  snapshot: Snapshot,
): Promise<readonly ManifestFile[]> {
  const { lists } = manifestCacheOf(store)
  const known = lists.get(snapshot.manifestList)
  if (known) return known
  const manifests = decodeManifestList(await store.read(snapshot.manifestList))
  lists.set(snapshot.manifestList, manifests)
  return manifests
}

/** The entries of manifests, in their order; each manifest is read once per store. */
export function readManifests(
  store: ObjectStore,
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
): Promise<(readonly ManifestEntry[])[]> {
  return mapBounded(manifests, PARALLEL_READS, manifest => readManifest(store, metadata, manifest))
}

async function readManifest(
  store: ObjectStore,
  metadata: TableMetadata,
  manifest: ManifestFile,
): Promise<readonly ManifestEntry[]> {
  const { entries } = manifestCacheOf(store)
  const known = entries.get(manifest.path)
  if (known) return known
  const read = decodeManifest(await store.read(manifest.path), manifest, specById(metadata, manifest.specId))
  entries.set(manifest.path, read)
  return read
}
