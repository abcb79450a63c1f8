import { type DataFile, partitionKey } from './dataFile.ts'
import type { Snapshot } from './metadata.ts'
import type { Change } from './stage.ts'

interface Sums {
  readonly files: number
  readonly records: number
  readonly bytes: number
}

/**
 * A snapshot's summary: the change's own properties, then what Iceberg defines.
 * https://iceberg.apache.org/spec/#optional-snapshot-summary-fields
 */
export function summarize(
  parent: Snapshot | undefined,
  { add, remove = [], rewriteOf, summary = {} }: Change,
  /** Position delete files that are removed with their data files. */
  dangling: readonly DataFile[] = [],
): Record<string, string> {
  const added = sums(add)
  const removed = sums(remove)
  const deletes = sums(dangling)
  const partitions = new Set([...add, ...remove].map(partitionKey))
  const counted = {
    'added-data-files': added.files,
    'added-records': added.records,
    'added-files-size': added.bytes,
    'deleted-data-files': removed.files,
    'deleted-records': removed.records,
    'removed-delete-files': deletes.files,
    'removed-position-delete-files': deletes.files,
    'removed-position-deletes': deletes.records,
    'removed-files-size': removed.bytes + deletes.bytes,
    'changed-partition-count': partitions.size,
  }
  return {
    ...summary,
    operation: rewriteOf !== undefined ? 'replace' : removed.files > 0 ? 'overwrite' : 'append',
    ...Object.fromEntries(
      Object.entries(counted)
        .filter(([, count]) => count > 0)
        .map(([key, count]) => [key, String(count)]),
    ),
    ...total(parent, 'total-data-files', added.files - removed.files),
    ...total(parent, 'total-records', added.records - removed.records),
    ...total(parent, 'total-files-size', added.bytes - removed.bytes - deletes.bytes),
    ...total(parent, 'total-delete-files', -deletes.files),
    ...total(parent, 'total-position-deletes', -deletes.records),
    ...total(parent, 'total-equality-deletes', 0),
  }
}

function sums(files: readonly DataFile[]): Sums {
  return {
    files: files.length,
    records: files.reduce((sum, file) => sum + file.recordCount, 0),
    bytes: files.reduce((sum, file) => sum + file.fileSizeBytes, 0),
  }
}

/** A running total, carried on from the parent; unknown stays unknown. */
function total(parent: Snapshot | undefined, key: string, change: number): Record<string, string> {
  const before = parent ? parent.summary[key] : '0'
  return before === undefined ? {} : { [key]: String(Number(before) + change) }
}
