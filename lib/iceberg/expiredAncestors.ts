import { gunzipSync } from 'node:zlib'
import type { ObjectStore } from '../ports.ts'
import { ObjectMissing } from './errors.ts'
import { parseJson } from './json.ts'
import { ancestors, type HasMetadata, type Snapshot, type TableMetadata } from './metadata.ts'
import { metadataFromWire } from './wire.ts'

/**
 * Ancestors of the current snapshot that the table does not list any more, the newest first. They are read from the earlier
 * metadata files in the table's metadata log, and end where these end.
 */
export async function* expiredAncestors(store: ObjectStore, table: HasMetadata): AsyncGenerator<Snapshot> {
  let wanted = [...ancestors(table)].at(-1)?.parentSnapshotId
  for (const uri of table.metadata.metadataLog.toReversed()) {
    if (wanted === undefined) return
    const metadata = await readMetadata(store, uri)
    const from = metadata?.snapshots.find(({ snapshotId }) => snapshotId === wanted)
    if (metadata === undefined || from === undefined) continue
    for (const snapshot of ancestors({ metadata }, from)) {
      yield snapshot
      wanted = snapshot.parentSnapshotId
    }
  }
}

/** Undefined where the file is gone. */
async function readMetadata(store: ObjectStore, uri: string): Promise<TableMetadata | undefined> {
  try {
    const bytes = await store.read(uri)
    const text = uri.includes('.gz.') ? gunzipSync(bytes) : bytes
    return metadataFromWire(parseJson(Buffer.from(text).toString()))
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined
    throw error
  }
}
