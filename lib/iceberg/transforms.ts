import { InvalidRows } from './errors.ts'
import type { ColumnValue, Field, FieldType, PartitionField, Schema, Transform } from './schema.ts'

const US_PER_DAY = 86_400_000_000
const US_PER_MS = 1000

/**
 * The partition that a value falls into: whole days or months since 1970 for µs since 1970, or the value itself;
 * null for null. All transforms are monotonic. https://iceberg.apache.org/spec/#partition-transforms
 */
export function partitionOf(transform: Transform, value: ColumnValue): ColumnValue {
  if (transform === 'identity' || value === null) return value
  if (typeof value !== 'number')
    throw new InvalidRows(`${transform}() takes microseconds, not ${typeof value}`)
  return transform === 'day' ? Math.floor(value / US_PER_DAY) : monthOf(value)
}

function monthOf(timestampUs: number): number {
  const date = new Date(Math.floor(timestampUs / US_PER_MS))
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

/** The column that a partition field is made from; throws `InvalidRows` when the schema lacks it. */
function sourceField(schema: Schema, { sourceId, name }: PartitionField): Field {
  const field = schema.fields.find(f => f.id === sourceId)
  if (!field)
    throw new InvalidRows(`partition field ${name} is made from column ${sourceId}, which is not there`)
  return field
}

/** The type of a partition field's values: days and months are ints. */
export function partitionType(schema: Schema, field: PartitionField): FieldType {
  return field.transform === 'identity' ? sourceField(schema, field).type : 'int'
}

/** A partition value as people read it, and as folder names show it: `2025-03-20`, `2025-03`, `m1`, `null`. */
export function partitionText(transform: Transform, value: ColumnValue): string {
  if (value === null || transform === 'identity') return String(value)
  if (transform === 'day') return new Date(Number(value) * 86_400_000).toISOString().split('T')[0] ?? ''
  const months = Number(value)
  const year = 1970 + Math.floor(months / 12)
  const month = (((months % 12) + 12) % 12) + 1
  return `${year}-${String(month).padStart(2, '0')}`
}
