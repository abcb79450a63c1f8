import type { ObjectStore } from '../../ports.ts'
import { type LiveFile, partitionKey } from '../dataFile.ts'
import { liveEntries } from '../manifest/liveEntries.ts'
import { liveFiles, type ManifestFile } from '../manifest/manifestFile.ts'
import { readManifests } from '../manifest/readManifests.ts'
import { specById, type TableMetadata } from '../metadata.ts'
import { mayName, onlyNamed } from './positionBounds.ts'

/** A snapshot's delete files, by the data files that they may apply to. https://iceberg.apache.org/spec/#scan-planning */
export class DeleteIndex {
  readonly #byPath = new Map<string, LiveFile[]>()
  readonly #byPartition = new Map<string, LiveFile[]>()
  /** Equality deletes of an unpartitioned spec. */
  readonly #everywhere: LiveFile[] = []

  add(file: LiveFile, isPartitioned: boolean): void {
    const path = onlyNamed(file)
    if (path !== undefined) push(this.#byPath, path, file)
    else if (file.deletesBy === 'equality' && !isPartitioned) this.#everywhere.push(file)
    else push(this.#byPartition, partitionKey(file), file)
  }

  /** Delete files that may apply to a data file, ordered by path. */
  of(file: LiveFile): LiveFile[] {
    const all = [
      ...(this.#byPath.get(file.path) ?? []),
      ...(this.#byPartition.get(partitionKey(file)) ?? []),
      ...this.#everywhere,
    ]
    return all.filter(deletes => mayApply(deletes, file)).sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** The data file with the delete files that may apply to it. */
  attach(file: LiveFile): LiveFile {
    const deletes = this.of(file)
    return deletes.length === 0 ? file : { ...file, deletes }
  }
}

/** Undefined where the snapshot has no delete files, which is nearly always. */
export async function readDeletes(
  store: ObjectStore,
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
): Promise<DeleteIndex | undefined> {
  const live = manifests.filter(manifest => manifest.content === 'deletes' && liveFiles(manifest) > 0)
  if (live.length === 0) return undefined
  const index = new DeleteIndex()
  const read = await readManifests(store, metadata, live)
  for (const [i, { specId }] of live.entries()) {
    const isPartitioned = specById(metadata, specId).fields.length > 0
    for (const file of liveEntries(read[i] ?? [])) index.add(file, isPartitioned)
  }
  return index
}

/** An equality delete applies to older rows only: the rows of its own commit replace the deleted ones. */
function mayApply(deletes: LiveFile, file: LiveFile): boolean {
  return deletes.deletesBy === 'equality'
    ? deletes.sequenceNumber > file.sequenceNumber
    : mayName(deletes, file)
}

function push(map: Map<string, LiveFile[]>, key: string, file: LiveFile): void {
  const files = map.get(key)
  if (files === undefined) map.set(key, [file])
  else files.push(file)
}
