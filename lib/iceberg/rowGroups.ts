import type { FileMetaData, MinMaxType, RowGroup as ParquetRowGroup } from 'hyparquet/src/types.js'
import type { ObjectStore } from '../ports.ts'
import type { LiveFile } from './dataFile.ts'
import { defined } from './defined.ts'
import { deletedRows } from './deletes/deletedRows.ts'
import { UnreadableFile } from './errors.ts'
import type { ColumnRanges } from './manifest/prune.ts'
import { openParquet, openStretch, readFooter } from './parquet/open.ts'
import { decodeTyped, type TypedColumns } from './parquet/typed.ts'
import type { ColumnValue, Field, Schema } from './schema.ts'

/** Rows of a data file, as columns. */
export interface TypedRows {
  readonly columns: TypedColumns
  readonly rowCount: number
  /** One byte for each row: 1 for a deleted one; undefined where no row is deleted. */
  readonly deleted: Uint8Array | undefined
}

/** Consecutive rows of a Parquet file that can be read by themselves. */
export interface RowGroup {
  /** The place of its first row in the file. */
  readonly firstRow: number
  readonly rowCount: number
  /** What its columns may hold, by name; a column that is missing may hold anything. */
  readonly ranges: ColumnRanges
  /** Where the bytes of its columns lie in the file, `to` not included. */
  readonly from: number
  readonly to: number
  /** The file's metadata, less all other row groups and columns. */
  readonly metadata: FileMetaData
}

/** Bytes that the footer of a file takes, and those for each column of a row group: nearly always enough. */
const FOOTER_BYTES = 4_096
const CHUNK_BYTES = 200

/** The row groups of a data file with the columns of the schema, of which only the footer is read. Throws `UnreadableFile`. */
export async function readRowGroups(store: ObjectStore, file: LiveFile, schema: Schema): Promise<RowGroup[]> {
  const groups = file.splitOffsets?.length ?? 1
  const guessBytes = FOOTER_BYTES + groups * schema.fields.length * CHUNK_BYTES
  const read = (from: number, to: number) => store.readRange(file.path, from, to)
  const metadata = await readFooter(read, file.fileSizeBytes, guessBytes)
  const columns = schema.fields.map(field => [field, columnOf(metadata, field)] as const)
  let firstRow = 0
  return metadata.row_groups.map(group => {
    const one = rowGroup(metadata, group, columns, firstRow)
    firstRow += one.rowCount
    return one
  })
}

/** The name that a column has in the file. */
function columnOf({ schema }: FileMetaData, { id, name }: Field): string {
  const element = schema.find(({ field_id }) => field_id === id)
  if (element === undefined) throw new UnreadableFile(`a Parquet file lacks the column ${name}`)
  return element.name
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
 * A bound that can be compared. Some writers cut long texts in the middle of a character, which is then no bound any more: it
 * is decoded with a replacement character.
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
