import { UnsupportedTable } from '../errors.ts'
import type { FieldType, PartitionField, PartitionSpec, Schema } from '../schema.ts'
import { partitionType } from '../transforms.ts'
import type { AvroSchema } from './avroFile.ts'
import { namesById, optional } from './renameById.ts'

// https://iceberg.apache.org/spec/#manifests

/** The partition fields are called by their id in memory: their names in files vary (Avro does not take every name). */
export function partitionFieldName({ fieldId }: PartitionField): string {
  return `f${fieldId}`
}

/** The Avro schema of a manifest's entries; only the partition differs from table to table. */
export function manifestSchema(schema: Schema, spec: PartitionSpec): AvroSchema {
  return entrySchema(partitionSchema(schema, spec))
}

/** The names used here by field id, for manifests of other writers; the partition's fields have none. */
export const MANIFEST_NAMES = namesById(entrySchema({ type: 'record', name: 'r102', fields: [] }))

function entrySchema(partition: AvroSchema): AvroSchema {
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      { name: 'status', type: 'int', 'field-id': 0 },
      { name: 'snapshot_id', 'field-id': 1, ...optional('long') },
      { name: 'sequence_number', 'field-id': 3, ...optional('long') },
      { name: 'file_sequence_number', 'field-id': 4, ...optional('long') },
      { name: 'data_file', 'field-id': 2, type: dataFileSchema(partition) },
    ],
  }
}

function dataFileSchema(partition: AvroSchema): AvroSchema {
  return {
    type: 'record',
    name: 'r2',
    fields: [
      { name: 'content', type: 'int', 'field-id': 134 },
      { name: 'file_path', type: 'string', 'field-id': 100 },
      { name: 'file_format', type: 'string', 'field-id': 101 },
      { name: 'partition', type: partition, 'field-id': 102 },
      { name: 'record_count', type: 'long', 'field-id': 103 },
      { name: 'file_size_in_bytes', type: 'long', 'field-id': 104 },
      { name: 'column_sizes', 'field-id': 108, ...optional(mapSchema(117, 118, 'long')) },
      { name: 'value_counts', 'field-id': 109, ...optional(mapSchema(119, 120, 'long')) },
      { name: 'null_value_counts', 'field-id': 110, ...optional(mapSchema(121, 122, 'long')) },
      { name: 'nan_value_counts', 'field-id': 137, ...optional(mapSchema(138, 139, 'long')) },
      { name: 'lower_bounds', 'field-id': 125, ...optional(mapSchema(126, 127, 'bytes')) },
      { name: 'upper_bounds', 'field-id': 128, ...optional(mapSchema(129, 130, 'bytes')) },
      { name: 'key_metadata', 'field-id': 131, ...optional('bytes') },
      {
        name: 'split_offsets',
        'field-id': 132,
        ...optional({ type: 'array', items: 'long', 'element-id': 133 }),
      },
      {
        name: 'equality_ids',
        'field-id': 135,
        ...optional({ type: 'array', items: 'int', 'element-id': 136 }),
      },
      { name: 'sort_order_id', 'field-id': 140, ...optional('int') },
      { name: 'referenced_data_file', 'field-id': 143, ...optional('string') },
    ],
  }
}

/** Iceberg's maps have ints for keys, which Avro's do not: they are arrays of pairs. */
function mapSchema(keyId: number, valueId: number, valueType: AvroSchema): AvroSchema {
  return {
    type: 'array',
    logicalType: 'map',
    items: {
      type: 'record',
      name: `k${keyId}_v${valueId}`,
      fields: [
        { name: 'key', type: 'int', 'field-id': keyId },
        { name: 'value', type: valueType, 'field-id': valueId },
      ],
    },
  }
}

function partitionSchema(schema: Schema, spec: PartitionSpec): AvroSchema {
  const fields = spec.fields.map(field => ({
    name: avroName(field.name),
    'field-id': field.fieldId,
    ...optional(partitionAvroType(schema, field)),
  }))
  return { type: 'record', name: 'r102', fields }
}

/** Avro names have only letters, digits and _. Readers use the field ids. https://iceberg.apache.org/spec/#avro */
export function avroName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/gu, char => `_x${char.codePointAt(0)?.toString(16).toUpperCase()}`)
  return /^\d/.test(safe) ? `_${safe}` : safe
}

const AVRO_TYPES: Readonly<Record<FieldType, AvroSchema>> = {
  string: 'string',
  double: 'double',
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  timestamptz: { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': true },
}

/** Iceberg's readers expect the Avro type date for day partitions, and plain ints for other time partitions. */
function partitionAvroType(schema: Schema, field: PartitionField): AvroSchema {
  if (field.transform === 'day') return { type: 'int', logicalType: 'date' }
  const type = partitionType(schema, field)
  if (type === undefined)
    throw new UnsupportedTable(
      `partition field ${field.name}: values of its column's type are not written here`,
    )
  return AVRO_TYPES[type]
}
