import { parquetReadColumn } from 'hyparquet/src/read.js'
import { UnreadableFile } from '../errors.ts'
import type { ColumnValue, Field, FieldType, Schema } from '../schema.ts'
import { type OpenParquet, openParquet } from './open.ts'

/** Columns as `decodeParquet` gives them, by the names of the schema asked for. */
export type DecodedColumns = Record<string, ColumnValue[]>

/**
 * The columns of a Parquet file (all, or those named), found by field id, whoever wrote it: a number of µs for
 * `timestamptz`, bigint for `long`, null for null. A column that the file does not have is all nulls.
 * Throws `UnreadableFile`.
 */
export async function decodeParquet(
  bytes: Uint8Array,
  schema: Schema,
  names: readonly string[] = schema.fields.map(field => field.name),
): Promise<DecodedColumns> {
  const fields = names.map(name => fieldNamed(schema, name))
  const parquet = openParquet(bytes)
  const columns = await Promise.all(fields.map(field => readColumn(parquet, field)))
  return Object.fromEntries(fields.map((field, i) => [field.name, columns[i] ?? []]))
}

function fieldNamed(schema: Schema, name: string): Field {
  const field = schema.fields.find(f => f.name === name)
  if (!field) throw new UnreadableFile(`the schema has no column ${name}`)
  return field
}

async function readColumn(parquet: OpenParquet, field: Field): Promise<ColumnValue[]> {
  const { metadata } = parquet
  const element = metadata.schema.find(({ field_id }) => field_id === field.id)
  const rows = Number(metadata.num_rows)
  if (!element) return absent(field, rows)
  if (rows === 0) return []
  let values: ArrayLike<unknown>
  try {
    values = await parquetReadColumn({ ...parquet, columns: [element.name] })
  } catch (cause) {
    throw new UnreadableFile(`column ${element.name} of a Parquet file cannot be read`, { cause })
  }
  if (values.length !== rows)
    throw new UnreadableFile(`column ${element.name} has ${values.length} of ${rows} rows`)
  const convert = CONVERTERS[field.type]
  return Array.from(values, value => (value === null || value === undefined ? null : convert(value, field)))
}

function absent(field: Field, rows: number): null[] {
  if (field.required) throw new UnreadableFile(`a Parquet file lacks the required column ${field.name}`)
  return new Array<null>(rows).fill(null)
}

function wrong(value: unknown, { name, type }: Field): never {
  throw new UnreadableFile(`column ${name} holds ${String(value)} (${typeof value}), which is no ${type}`)
}

const CONVERTERS: Readonly<Record<FieldType, (value: unknown, field: Field) => ColumnValue>> = {
  string: (value, field) => (typeof value === 'string' ? value : wrong(value, field)),
  double: (value, field) => (typeof value === 'number' ? value : wrong(value, field)),
  boolean: (value, field) => (typeof value === 'boolean' ? value : wrong(value, field)),
  // Another engine may widen an `int` column of ours to `long`.
  int: (value, field) => {
    const int = Number(value)
    return typeof value !== 'boolean' && Number.isSafeInteger(int) ? int : wrong(value, field)
  },
  long: (value, field) =>
    typeof value === 'bigint' ? value : typeof value === 'number' ? BigInt(value) : wrong(value, field),
  timestamptz: (value, field) => {
    const timestampUs = Number(value)
    return Number.isSafeInteger(timestampUs) ? timestampUs : wrong(value, field)
  },
}
