import type { ObjectStore } from '../../ports.ts'
import { type LiveFile, partitionKey } from '../dataFile.ts'
import { liveEntries } from '../manifest/liveEntries.ts'
import { liveFiles, type ManifestFile } from '../manifest/manifestFile.ts'
import { readManifests } from '../manifest/readManifests.ts'
import { specById, type TableMetadata } from '../metadata.ts'
import { mayName, onlyNamed } from './positionBounds.ts'

/** The delete files of a snapshot, by what they may apply to. https://iceberg.apache.org/spec/#scan-planning */
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

  /** The delete files that may apply to a file of rows, in the order of their paths. */
  of(file: LiveFile): LiveFile[] {
    const all = [
      ...(this.#byPath.get(file.path) ?? []),
      ...(this.#byPartition.get(partitionKey(file)) ?? []),
      ...this.#everywhere,
    ]
    return all.filter(deletes => mayApply(deletes, file)).sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** The file with those that may apply to it. */
  attach(file: LiveFile): LiveFile {
    const deletes = this.of(file)
    return deletes.length === 0 ? file : { ...file, deletes }
  }
}

/** Undefined where nothing is deleted by rows, which is nearly always. */
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

/** Rows that are as new as an equality delete are not deleted by it: their commit put them in its place. */
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
