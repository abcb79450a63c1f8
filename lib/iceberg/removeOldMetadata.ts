import type { ObjectStore } from '../ports.ts'
import type { Table } from './table.ts'

/**
 * Removes the metadata files that a commit of ours has pushed out of the table's metadata log, where the table asks for
 * that. Catalogs ought to do it and not all do: at a commit a second they would fill a disk in days. It never fails:
 * what is left lying is an orphan.
 * https://iceberg.apache.org/docs/latest/maintenance/#remove-old-metadata-files
 */
export async function removeOldMetadata(store: ObjectStore, before: Table, after: Table): Promise<void> {
  if (after.metadata.properties['write.metadata.delete-after-commit.enabled'] !== 'true') return
  const kept = new Set([...after.metadata.metadataLog, after.metadataLocation])
  const old = before.metadata.metadataLog.filter(uri => !kept.has(uri))
  await Promise.allSettled(old.map(uri => store.remove(uri)))
}
