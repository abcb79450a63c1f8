import type { Partition } from './dataFile.ts'
import { currentSchema, currentSpec } from './metadata.ts'
import type { Columns, ColumnValue, PartitionField } from './schema.ts'
import type { Table } from './table.ts'
import { partitionOf, sourceField } from './transforms.ts'

/** Rows of one partition. */
export interface PartitionRows {
  readonly partition: Partition
  readonly columns: Columns
  readonly rowCount: number
}

/** Parts rows by the table's partitioning as it is now. */
export function splitRows(table: Table, columns: Columns, rowCount: number): PartitionRows[] {
  const spec = currentSpec(table)
  const fields = spec.fields.map(field => ({
    name: field.name,
    values: partitions(table, field, columns, rowCount),
  }))
  const varying = fields.filter(({ values }) => values.some(value => value !== values[0]))
  const partitionAt = (row: number) =>
    Object.fromEntries(fields.map(({ name, values }) => [name, values[row] ?? null]))
  if (varying.length === 0) return [{ partition: partitionAt(0), columns, rowCount }]
  const groups = new Map<string, number[]>()
  for (let row = 0; row < rowCount; row++) {
    const key = JSON.stringify(varying.map(({ values }) => keyOf(values[row])))
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

function keyOf(value: ColumnValue | undefined): string {
  return `${typeof value} ${String(value)}`
}

/** Row by row; a column that is not given is null. */
function partitions(
  table: Table,
  field: PartitionField,
  columns: Columns,
  rowCount: number,
): readonly ColumnValue[] {
  const column = columns[sourceField(currentSchema(table), field)?.name ?? '']
  if (column === undefined) return new Array<null>(rowCount).fill(null)
  return Array.from(column, value => partitionOf(field.transform, value))
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
