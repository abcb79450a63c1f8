import type { ObjectStore } from '../../ports.ts'
import type { ManifestFile } from '../manifest/manifestFile.ts'
import { readManifestList, readManifests } from '../manifest/readManifests.ts'
import type { Table } from '../table.ts'

/** Manifest lists, or manifests, in memory at once. */
const FILES_AT_ONCE = 8

/**
 * The files that the table's metadata names, some at a time: metadata files that the catalog lists, and of every
 * snapshot on the table's list its manifest list, manifests, data and delete files.
 */
export async function* referencedFiles(
  store: ObjectStore,
  { metadata, metadataLocation }: Table,
): AsyncGenerator<readonly string[]> {
  yield [...metadata.metadataLog, ...(metadataLocation === undefined ? [] : [metadataLocation])]
  yield metadata.snapshots.map(({ manifestList }) => manifestList)
  const seen = new Set<string>()
  for (const snapshots of inChunks(metadata.snapshots)) {
    const lists = await Promise.all(snapshots.map(snapshot => readManifestList(store, snapshot)))
    const fresh = new Map<string, ManifestFile>()
    for (const manifest of lists.flat()) if (!seen.has(manifest.path)) fresh.set(manifest.path, manifest)
    for (const path of fresh.keys()) seen.add(path)
    yield [...fresh.keys()]
    for (const manifests of inChunks([...fresh.values()])) {
      const entries = (await readManifests(store, metadata, manifests)).flat()
      yield entries.filter(({ status }) => status !== 'deleted').map(({ file }) => file.path)
    }
  }
}

function* inChunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let i = 0; i < items.length; i += FILES_AT_ONCE) yield items.slice(i, i + FILES_AT_ONCE)
}
