import { findSnapshot } from '../iceberg/commit.ts'
import type { DataFile } from '../iceberg/dataFile.ts'
import type { Table } from '../iceberg/table.ts'
import { encodeDataFiles } from '../iceberg/write.ts'
import { mapBounded } from '../mapBounded.ts'
import type { ObjectStore } from '../ports.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import type { TickRows } from '../tables/tickRows.ts'
import { isSamePart, type Part, rowsOfPart } from './part.ts'

/** The files of one part, and the snapshots in which they were offered to the catalog. */
export interface Upload {
  readonly part: Part
  readonly files: readonly DataFile[]
  /** Resolves once the store has the files: no snapshot may be committed before. */
  readonly stored: Promise<unknown>
  readonly snapshotIds: bigint[]
}

/** With partitions by day a commit has no more files than this; a partitioning by other engines may give it more. */
const FILES_AT_ONCE = 64

/** Begins to write one data file for each partition. Nothing refers to the files before they are committed. */
export function uploadPart(
  store: ObjectStore,
  table: Table,
  { epoch }: OffsetVector,
  part: Part,
  ticks: TickRows,
): Upload {
  const rows = rowsOfPart(part)
  const encoded = rows.length === 0 ? [] : encodeDataFiles(table, ticks.columns(rows, epoch), rows.length)
  return {
    part,
    files: encoded.map(({ file }) => file),
    stored: mapBounded(encoded, FILES_AT_ONCE, ({ file, bytes }) => store.write(file.path, bytes)),
    snapshotIds: [],
  }
}

/**
 * True when an earlier attempt's files may serve again: they hold the same records, and no snapshot that the table
 * knows names them. Those of a rolled-back snapshot belong to it: expiry may remove them with it.
 */
export function servesAgain({ part, snapshotIds }: Upload, wanted: Part, table: Table): boolean {
  return isSamePart(part, wanted) && snapshotIds.every(id => findSnapshot(table, id) === 'absent')
}
