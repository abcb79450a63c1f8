import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import type { DataFile, LiveFile } from '../dataFile.ts'
import { UnreadableFile } from '../errors.ts'
import { currentSchema } from '../metadata.ts'
import { decodeParquet } from '../parquet.ts'
import type { ColumnValue } from '../schema.ts'
import type { Table } from '../table.ts'
import { compareText } from '../text.ts'
import { writeDataFile } from '../write.ts'

/** What rows are sorted by: a column, or the hours (UTC) that its times lie in. */
export type SortKey = string | { readonly hourOf: string }

type Rows = Record<string, ColumnValue[]>

const FILES_AT_ONCE = 8
const US_PER_HOUR = 3_600_000_000

/**
 * Writes the rows of several files of one partition as one file, sorted by the first key, then the next; all columns that
 * the table has are kept. Nothing refers to the new file before it is committed.
 */
export async function mergeRows(
  store: ObjectStore,
  table: Table,
  files: readonly LiveFile[],
  sortBy: readonly SortKey[],
): Promise<DataFile> {
  const rows = await readRows(store, table, files)
  const count = files.reduce((sum, { recordCount }) => sum + recordCount, 0)
  for (const [name, column] of Object.entries(rows)) {
    if (column.length !== count)
      throw new UnreadableFile(
        `column ${name} of ${files.length} files has ${column.length} of ${count} rows`,
      )
  }
  return writeDataFile(store, table, inOrder(rows, count, sortBy), count)
}

async function readRows(store: ObjectStore, table: Table, files: readonly LiveFile[]): Promise<Rows> {
  const schema = currentSchema(table)
  const rows: Rows = Object.fromEntries(schema.fields.map(({ name }) => [name, []]))
  await mapBounded(files, FILES_AT_ONCE, async ({ path }) => {
    const columns = await decodeParquet(await store.read(path), schema)
    for (const [name, values] of Object.entries(columns)) {
      const column = rows[name]
      for (const value of values) column?.push(value)
    }
  })
  return rows
}

function inOrder(rows: Rows, count: number, sortBy: readonly SortKey[]): Rows {
  const keys = sortBy.map(key =>
    typeof key === 'string' ? sortKeys(rows[key] ?? []) : hoursOf(rows[key.hourOf] ?? []),
  )
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => {
    for (const key of keys) {
      const difference = (key[a] ?? 0) - (key[b] ?? 0)
      if (difference !== 0) return difference
    }
    return a - b
  })
  return Object.fromEntries(
    Object.entries(rows).map(([name, column]) => [name, Array.from(order, i => column[i] ?? null)]),
  )
}

/** Numbers in the order of the values: a text becomes its place among the texts of its column. */
function sortKeys(column: readonly ColumnValue[]): Float64Array {
  if (typeof column[0] !== 'string') return Float64Array.from(column, Number)
  const places = new Map([...new Set(column as string[])].sort(compareText).map((text, i) => [text, i]))
  return Float64Array.from(column, text => places.get(text as string) ?? 0)
}

function hoursOf(column: readonly ColumnValue[]): Float64Array {
  return Float64Array.from(column, timeUs => Math.floor(Number(timeUs) / US_PER_HOUR))
}
