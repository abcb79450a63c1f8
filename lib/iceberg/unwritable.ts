import { UnsupportedTable } from './errors.ts'
import { currentSpec, schemaOfSpec, type TableMetadata } from './metadata.ts'
import { isTransform, type PartitionField, type PartitionSpec } from './schema.ts'
import { type Table, tableName } from './table.ts'
import { partitionType, sourceField } from './transforms.ts'

/** Throws `UnsupportedTable`, with the cure, for a table that tickhouse cannot write. */
export function refuseUnwritable(table: Table): void {
  const { formatVersion } = table.metadata
  const name = tableName(table.ident)
  if (formatVersion !== 2)
    throw new UnsupportedTable(
      `${name} has Iceberg format version ${formatVersion}; tickhouse writes only version 2, and a table cannot go back to it: ` +
        `ALTER TABLE ${name} RENAME TO ${name}_v${formatVersion}, then set up a new table`,
    )
  const odd = unwritableField(table.metadata, currentSpec(table))
  if (odd !== undefined)
    throw new UnsupportedTable(
      `${name} is partitioned by ${odd.name} (${odd.transform}), which tickhouse does not write: ` +
        `ALTER TABLE ${name} SET PROPERTIES partitioning = ${earlierPartitioning(table.metadata)}`,
    )
}

function unwritableField(metadata: TableMetadata, spec: PartitionSpec): PartitionField | undefined {
  const schema = schemaOfSpec(metadata, spec)
  return spec.fields.find(
    field => !isTransform(field.transform) || partitionType(schema, field) === undefined,
  )
}

/** The newest partitioning that can be written, in Trino's syntax: `ARRAY['timeframe', 'month(date_time)']`. */
function earlierPartitioning(metadata: TableMetadata): string {
  const spec = metadata.partitionSpecs.findLast(spec => unwritableField(metadata, spec) === undefined)
  if (spec === undefined) return 'ARRAY[]'
  const schema = schemaOfSpec(metadata, spec)
  const fields = spec.fields.map(field => {
    const [transform = '', size] = field.transform.split(/[[\]]/)
    const column = sourceField(schema, field)?.name ?? field.name
    if (transform === 'identity') return column
    return size === undefined ? `${transform}(${column})` : `${transform}(${column}, ${size})`
  })
  return `ARRAY[${fields.map(field => `'${field}'`).join(', ')}]`
}
