import type { SchemaElement } from 'hyparquet'
import type { Field, FieldType } from '../schema.ts'

/** https://iceberg.apache.org/spec/#parquet, with the older `converted_type` beside it for old readers. */
const PHYSICAL_TYPES: Readonly<Record<FieldType, Partial<SchemaElement>>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  timestamptz: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
}

/** A column in a Parquet file's schema; its Iceberg id is what readers find it by. */
export function schemaElement({ id, name, required, type }: Field): SchemaElement {
  return { name, field_id: id, repetition_type: required ? 'REQUIRED' : 'OPTIONAL', ...PHYSICAL_TYPES[type] }
}

/** A Parquet file's schema: the root, then its columns. */
export function parquetSchema(fields: readonly Field[]): SchemaElement[] {
  return [{ name: 'table', num_children: fields.length }, ...fields.map(schemaElement)]
}
