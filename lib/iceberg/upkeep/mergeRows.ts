import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import type { DataFile, LiveFile } from '../dataFile.ts'
import { liveRows } from '../deletes/deletedRows.ts'
import { UnreadableFile } from '../errors.ts'
import { currentSchema } from '../metadata.ts'
import { readRows } from '../readRows.ts'
import { type ColumnValue, isFieldType } from '../schema.ts'
import type { Table } from '../table.ts'
import { compareText } from '../text.ts'
import { writeDataFile } from '../write.ts'

/** What rows are sorted by: a column, or the hours (UTC) that its times lie in. */
export type SortKey = string | { readonly hourOf: string }

type Rows = Record<string, ColumnValue[]>

const FILES_AT_ONCE = 8
const US_PER_HOUR = 3_600_000_000

/**
 * Writes the rows of several files of one partition as one file, sorted by the first key, then the next, without those that
 * other engines deleted; all columns that the table has, and that are written here, are kept. Undefined where no row is
 * left. Nothing refers to the new file before it is committed.
 */
export async function mergeRows(
  store: ObjectStore,
  table: Table,
  files: readonly LiveFile[],
  sortBy: readonly SortKey[],
): Promise<DataFile | undefined> {
  const { rows, count } = await readAll(store, table, files)
  return count === 0 ? undefined : writeDataFile(store, table, inOrder(rows, count, sortBy), count)
}

async function readAll(
  store: ObjectStore,
  table: Table,
  files: readonly LiveFile[],
): Promise<{ rows: Rows; count: number }> {
  const schema = currentSchema(table)
  const names = schema.fields.filter(({ type }) => isFieldType(type)).map(({ name }) => name)
  const rows: Rows = Object.fromEntries(names.map(name => [name, []]))
  let count = 0
  await mapBounded(files, FILES_AT_ONCE, async file => {
    const [columns, expected] = await Promise.all([
      readRows(store, file, schema, names),
      liveRows(store, file),
    ])
    for (const [name, values] of Object.entries(columns)) {
      if (values.length !== expected)
        throw new UnreadableFile(`column ${name} of ${file.path} has ${values.length} of ${expected} rows`)
      const column = rows[name]
      for (const value of values) column?.push(value)
    }
    count += expected
  })
  return { rows, count }
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
