import type { ObjectStore } from '../ports.ts'
import { deletedRows, type FileOfRows } from './deletes/deletedRows.ts'
import { type DecodedColumns, decodeParquet } from './parquet.ts'
import type { Schema } from './schema.ts'

/**
 * The rows of a data file that are in the table, as columns (all of the schema, or those named): what other engines deleted
 * is left out. Throws `UnreadableFile`, and `FileUnsupported` for rows that are deleted by values.
 */
export async function readRows(
  store: ObjectStore,
  file: FileOfRows,
  schema: Schema,
  names?: readonly string[],
): Promise<DecodedColumns> {
  const [deleted, bytes] = await Promise.all([deletedRows(store, file), store.read(file.path)])
  const columns = await decodeParquet(bytes, schema, names)
  if (deleted === undefined) return columns
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, values.filter((_, row) => deleted[row] !== 1)]),
  )
}
