import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import type { DataFile, LiveFile } from '../dataFile.ts'
import { countLive, deletedRows } from '../deletes/deletedRows.ts'
import { UnreadableFile } from '../errors.ts'
import { currentSchema } from '../metadata.ts'
import { decodeParquet } from '../parquet.ts'
import { withoutDeleted } from '../readRows.ts'
import { type ColumnValue, isFieldType, type Schema } from '../schema.ts'
import type { Table } from '../table.ts'
import { compareText } from '../text.ts'
import { encodeByColumn } from '../write.ts'

/** What rows are sorted by: a column, or the hours (UTC) that its times lie in. */
export type SortKey = string | { readonly hourOf: string }

/** The layout of merged rows. */
export interface MergedLayout {
  /** Sort keys, the first one first. */
  readonly sortBy: readonly SortKey[]
  /** The most rows of a file. More rows go into several files of equal size, in their order. */
  readonly fileRows: number
  readonly rowGroupRows: number
}

/** A file's bytes, and which of its rows are deleted. */
interface ReadFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly deleted: Uint8Array | undefined
  /** The number of rows that are not deleted. */
  readonly rows: number
}

const FILES_AT_ONCE = 8
const US_PER_HOUR = 3_600_000_000

/**
 * Writes the rows of several files of one partition again, sorted and without deleted rows, in as few files as the layout
 * allows. It keeps all columns of the table whose types are written here. Returns no file where no row is left. Nothing
 * refers to the new files before they are committed.
 *
 * The compressed files are in memory, and of their rows one column at a time: half a million rows take 100 MB this way, and
 * 450 MB with all columns at once.
 */
export async function mergeRows(
  store: ObjectStore,
  table: Table,
  files: readonly LiveFile[],
  { sortBy, fileRows, rowGroupRows }: MergedLayout,
): Promise<DataFile[]> {
  const read = await mapBounded(files, FILES_AT_ONCE, file => readFile(store, file))
  const count = read.reduce((sum, { rows }) => sum + rows, 0)
  if (count === 0) return []
  const schema = currentSchema(table)
  const column = (name: string) => readColumn(read, schema, name)
  const order = await orderOf(column, count, sortBy)
  const made = {
    partition: files[0]!.partition,
    fields: schema.fields.filter(({ type }) => isFieldType(type)),
    rowCounts: shareOut(count, Math.ceil(count / fileRows)),
    rowGroupRows,
  }
  const encoded = await encodeByColumn(table, made, async ({ name }) => {
    const values = await column(name)
    return Array.from(order, i => values[i] ?? null)
  })
  return mapBounded(encoded, FILES_AT_ONCE, async ({ file, bytes }) => {
    await store.write(file.path, bytes)
    return file
  })
}

/** Divides a count into parts of nearly the same size. */
function shareOut(count: number, parts: number): number[] {
  const upTo = (part: number) => Math.round((count * part) / parts)
  return Array.from({ length: parts }, (_, i) => upTo(i + 1) - upTo(i))
}

async function readFile(store: ObjectStore, file: LiveFile): Promise<ReadFile> {
  const [bytes, deleted] = await Promise.all([store.read(file.path), deletedRows(store, file)])
  return { path: file.path, bytes, deleted, rows: countLive(file, deleted) }
}

/** One column of all files, in the order of the files. */
async function readColumn(files: readonly ReadFile[], schema: Schema, name: string): Promise<ColumnValue[]> {
  const column: ColumnValue[] = []
  for (const { path, bytes, deleted, rows } of files) {
    const columns = await decodeParquet(bytes, schema, [name])
    const values = withoutDeleted(columns[name] ?? [], deleted)
    if (values.length !== rows)
      throw new UnreadableFile(`column ${name} of ${path} has ${values.length} of ${rows} rows`)
    for (const value of values) column.push(value)
  }
  return column
}

/** Row numbers in sorted order; rows with equal keys keep their order. */
async function orderOf(
  column: (name: string) => Promise<ColumnValue[]>,
  count: number,
  sortBy: readonly SortKey[],
): Promise<Uint32Array> {
  const keys: Float64Array[] = []
  for (const key of sortBy) {
    const values = await column(typeof key === 'string' ? key : key.hourOf)
    keys.push(typeof key === 'string' ? sortKeys(values) : hoursOf(values))
  }
  return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => {
    for (const key of keys) {
      const difference = key[a]! - key[b]!
      if (difference !== 0) return difference
    }
    return a - b
  })
}

/** Numbers in the order of the values: a text becomes its rank among the texts of its column. */
function sortKeys(column: readonly ColumnValue[]): Float64Array {
  if (typeof column[0] !== 'string') return Float64Array.from(column, Number)
  const places = new Map([...new Set(column as string[])].sort(compareText).map((text, i) => [text, i]))
  return Float64Array.from(column, text => places.get(text as string) ?? 0)
}

function hoursOf(column: readonly ColumnValue[]): Float64Array {
  return Float64Array.from(column, timeUs => Math.floor(Number(timeUs) / US_PER_HOUR))
}
