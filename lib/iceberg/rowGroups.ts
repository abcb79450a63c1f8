import type { FileMetaData, MinMaxType, RowGroup as ParquetRowGroup } from 'hyparquet/src/types.js'
import type { ObjectStore } from '../ports.ts'
import type { LiveFile } from './dataFile.ts'
import { defined } from './defined.ts'
import { deletedRows } from './deletes/deletedRows.ts'
import { UnreadableFile } from './errors.ts'
import type { ColumnRanges } from './manifest/prune.ts'
import { columnName, openParquet, openStretch, readFooter } from './parquet/open.ts'
import { decodeTyped, type TypedColumns } from './parquet/typed.ts'
import type { ColumnValue, Field, Schema } from './schema.ts'

/** Rows of a data file, as columns. */
export interface TypedRows {
  readonly columns: TypedColumns
  readonly rowCount: number
  /** One byte a row, 1 for a deleted one; undefined where no row is deleted. */
  readonly deleted: Uint8Array | undefined
}

/** A row group of a Parquet file, with all that reading it takes. */
export interface RowGroup {
  /** The position of its first row in the file, from 0. */
  readonly firstRow: number
  readonly rowCount: number
  /** The range of each column's values, by name; a column without one may hold anything. */
  readonly ranges: ColumnRanges
  /** The bytes of its columns in the file, `to` not included. */
  readonly from: number
  readonly to: number
  /** The file's metadata without other row groups and columns. */
  readonly metadata: FileMetaData
}

/** The first guess at the size of a footer: a base, and bytes for each column of each row group. It is nearly always enough. */
const FOOTER_BYTES = 4_096
const CHUNK_BYTES = 200

/** Reads the row groups of a data file from its footer, with the columns of the schema. Throws `UnreadableFile`. */
export async function readRowGroups(store: ObjectStore, file: LiveFile, schema: Schema): Promise<RowGroup[]> {
  const groups = file.splitOffsets?.length ?? 1
  const guessBytes = FOOTER_BYTES + groups * schema.fields.length * CHUNK_BYTES
  const read = (from: number, to: number) => store.readRange(file.path, from, to)
  const metadata = await readFooter(read, file.fileSizeBytes, guessBytes)
  const columns = schema.fields.map(field => [field, columnName(metadata, field)] as const)
  let firstRow = 0
  return metadata.row_groups.map(group => {
    const one = rowGroup(metadata, group, columns, firstRow)
    firstRow += one.rowCount
    return one
  })
}

function rowGroup(
  metadata: FileMetaData,
  group: ParquetRowGroup,
  columns: readonly (readonly [Field, string])[],
  firstRow: number,
): RowGroup {
  const ranges: Record<string, ColumnRanges[string]> = {}
  const chunks = columns.map(([{ name }, inFile]) => {
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === inFile)
    if (chunk?.meta_data === undefined) throw new UnreadableFile(`a row group lacks the column ${name}`)
    const { statistics, encoding_stats: _, ...meta_data } = chunk.meta_data
    ranges[name] = defined({ from: boundOf(statistics?.min_value), to: boundOf(statistics?.max_value) })
    const from = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset)
    return { chunk: { ...chunk, meta_data }, from, to: from + Number(meta_data.total_compressed_size) }
  })
  const own = { ...group, columns: chunks.map(({ chunk }) => chunk) }
  return {
    firstRow,
    rowCount: Number(group.num_rows),
    ranges,
    from: Math.min(...chunks.map(({ from }) => from)),
    to: Math.max(...chunks.map(({ to }) => to)),
    metadata: { ...metadata, num_rows: group.num_rows, row_groups: [own] },
  }
}

/**
 * A bound as a value that can be compared; undefined where it is none. Some writers cut long texts in the middle of a character:
 * such a text, decoded with a replacement character, bounds nothing.
 */
function boundOf(value: MinMaxType | undefined): ColumnValue | undefined {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') return value.includes('\ufffd') ? undefined : value
  return typeof value === 'number' ? value : undefined
}

/** Reads the rows of one row group. Throws `UnreadableFile`, and `FileUnsupported` for a file with equality deletes. */
export async function readRowGroup(
  store: ObjectStore,
  file: LiveFile,
  { firstRow, rowCount, from, to, metadata }: RowGroup,
  schema: Schema,
): Promise<TypedRows> {
  const [deleted, bytes] = await Promise.all([deletedRows(store, file), store.readRange(file.path, from, to)])
  const columns = await decodeTyped(openStretch(bytes, from, metadata), schema)
  return { columns, rowCount, deleted: deleted?.subarray(firstRow, firstRow + rowCount) }
}

/** Reads all rows of a data file. Throws what `readRowGroup` throws. */
export async function readWhole(store: ObjectStore, file: LiveFile, schema: Schema): Promise<TypedRows> {
  const [deleted, bytes] = await Promise.all([deletedRows(store, file), store.read(file.path)])
  const parquet = openParquet(bytes)
  const columns = await decodeTyped(parquet, schema)
  return { columns, rowCount: Number(parquet.metadata.num_rows), deleted }
}
