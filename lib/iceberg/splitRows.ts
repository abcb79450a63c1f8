import type { Partition } from './dataFile.ts'
import { currentSchema, currentSpec } from './metadata.ts'
import type { Columns, ColumnValue } from './schema.ts'
import type { Table } from './table.ts'
import { partitioner, sourceField } from './transforms.ts'

/** Rows of one partition. */
export interface PartitionRows {
  readonly partition: Partition
  readonly columns: Columns
  readonly rowCount: number
}

/** One field of the partition of each row. */
interface Field {
  readonly name: string
  readonly at: (row: number) => ColumnValue
}

/** Splits rows by the table's current partition spec. */
export function splitRows(table: Table, columns: Columns, rowCount: number): PartitionRows[] {
  const schema = currentSchema(table)
  const fields = currentSpec(table).fields.map((field): Field => {
    const column = columns[sourceField(schema, field)?.name ?? '']
    const partition = partitioner(field.transform)
    // A column that is not given is null.
    return { name: field.name, at: row => partition(column?.[row] ?? null) }
  })
  const varying = fields.filter(field => varies(field, rowCount))
  const partitionAt = (row: number) => Object.fromEntries(fields.map(({ name, at }) => [name, at(row)]))
  if (varying.length === 0) return [{ partition: partitionAt(0), columns, rowCount }]
  const groups = new Map<string, number[]>()
  for (let row = 0; row < rowCount; row++) {
    const key = JSON.stringify(varying.map(({ at }) => String(at(row)) + typeof at(row)))
    const rows = groups.get(key)
    if (rows === undefined) groups.set(key, [row])
    else rows.push(row)
  }
  return [...groups.values()].map(rows => ({
    partition: partitionAt(rows[0]!),
    columns: pick(columns, rows),
    rowCount: rows.length,
  }))
}

function varies({ at }: Field, rowCount: number): boolean {
  const first = at(0)
  for (let row = 1; row < rowCount; row++) if (at(row) !== first) return true
  return false
}

function pick(columns: Columns, rows: readonly number[]): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      column instanceof Float64Array
        ? Float64Array.from(rows, row => column[row]!)
        : rows.map(row => column[row] ?? null),
    ]),
  )
}
