import type { ObjectStore } from '../ports.ts'
import { deletedRows, type FileOfRows } from './deletes/deletedRows.ts'
import { type DecodedColumns, decodeParquet } from './parquet.ts'
import type { ColumnValue, Schema } from './schema.ts'

/**
 * Reads the rows of a data file, without deleted ones, as columns (all of the schema, or those named). Throws `UnreadableFile`,
 * and `FileUnsupported` for a file with equality deletes.
 */
export async function readRows(
  store: ObjectStore,
  file: FileOfRows,
  schema: Schema,
  names?: readonly string[],
): Promise<DecodedColumns> {
  const [deleted, bytes] = await Promise.all([deletedRows(store, file), store.read(file.path)])
  const columns = await decodeParquet(bytes, schema, names)
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, withoutDeleted(values, deleted)]),
  )
}

/** The values without those of deleted rows; `deleted` is what `deletedRows` gives. */
export function withoutDeleted(values: ColumnValue[], deleted: Uint8Array | undefined): ColumnValue[] {
  return deleted === undefined ? values : values.filter((_, row) => deleted[row] !== 1)
}
