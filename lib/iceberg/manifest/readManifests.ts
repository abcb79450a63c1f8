import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import {
  currentSnapshot,
  type HasMetadata,
  type Snapshot,
  specById,
  type TableMetadata,
} from '../metadata.ts'
import type { ManifestEntry } from './entry.ts'
import { decodeManifest } from './manifest.ts'
import { manifestCacheOf } from './manifestCache.ts'
import type { ManifestFile } from './manifestFile.ts'
import { decodeManifestList } from './manifestList.ts'

/** Reads under way at once: enough to hide the store's latency, few enough for its sockets. */
const PARALLEL_READS = 8

/** The manifests of a snapshot, in its order. */
export function readManifestList(store: ObjectStore, snapshot: Snapshot): Promise<readonly ManifestFile[]> {
  const { manifestList } = snapshot
  return manifestCacheOf(store).lists.getOr(manifestList, async () =>
    decodeManifestList(await store.read(manifestList)),
  )
}

/** The manifests of the current snapshot; none for a table without one. */
export async function currentManifests(
  store: ObjectStore,
  table: HasMetadata,
): Promise<readonly ManifestFile[]> {
  const snapshot = currentSnapshot(table)
  return snapshot === undefined ? [] : readManifestList(store, snapshot)
}

/** The entries of manifests, in their order; each manifest is read once per store. */
export function readManifests(
  store: ObjectStore,
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
): Promise<(readonly ManifestEntry[])[]> {
  return mapBounded(manifests, PARALLEL_READS, manifest => readManifest(store, metadata, manifest))
}

function readManifest(
  store: ObjectStore,
  metadata: TableMetadata,
  manifest: ManifestFile,
): Promise<readonly ManifestEntry[]> {
  return manifestCacheOf(store).entries.getOr(manifest.path, async () =>
    decodeManifest(await store.read(manifest.path), manifest, specById(metadata, manifest.specId)),
  )
}
