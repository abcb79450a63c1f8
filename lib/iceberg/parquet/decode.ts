import { zstdDecompressSync } from 'node:zlib'
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { parquetReadColumn } from 'hyparquet/src/read.js'
import { compressors } from 'hyparquet-compressors'
import { UnreadableFile } from '../errors.ts'
import type { ColumnValue, Field, FieldType, Schema } from '../schema.ts'

/** Columns as `decodeParquet` gives them, by the names of the schema asked for. */
export type DecodedColumns = Record<string, ColumnValue[]>

const NATIVE_COMPRESSORS = {
  ...compressors,
  ZSTD: (page: Uint8Array) => new Uint8Array(zstdDecompressSync(page)),
}

/** A text may begin with U+FEFF; it is part of the text. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const PARSERS = {
  timestampFromMilliseconds: (ms: bigint) => ms * 1000n,
  timestampFromMicroseconds: (us: bigint) => us,
  timestampFromNanoseconds: (ns: bigint) => ns / 1000n,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
}

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
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  const metadata = readMetadata(file)
  const columns = await Promise.all(fields.map(field => readColumn(file, metadata, field)))
  return Object.fromEntries(fields.map((field, i) => [field.name, columns[i] ?? []]))
}

function fieldNamed(schema: Schema, name: string): Field {
  const field = schema.fields.find(f => f.name === name)
  if (!field) throw new UnreadableFile(`the schema has no column ${name}`)
  return field
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    const metadata = parquetMetadata(file, { geoparquet: false })
    if (!metadata.schema.some(element => element.field_id !== undefined))
      throw new UnreadableFile('a Parquet file without field ids is not of an Iceberg table')
    return metadata
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause
    throw new UnreadableFile('not a whole Parquet file', { cause })
  }
}

async function readColumn(file: ArrayBuffer, metadata: FileMetaData, field: Field): Promise<ColumnValue[]> {
  const element = metadata.schema.find(({ field_id }) => field_id === field.id)
  const rows = Number(metadata.num_rows)
  if (!element) return absent(field, rows)
  if (rows === 0) return []
  const options = {
    file,
    metadata,
    columns: [element.name],
    compressors: NATIVE_COMPRESSORS,
    parsers: PARSERS,
    geoparquet: false,
  }
  let values: ArrayLike<unknown>
  try {
    values = await parquetReadColumn(options)
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
  int: (value, field) => (typeof value === 'number' ? value : wrong(value, field)),
  long: (value, field) =>
    typeof value === 'bigint' ? value : typeof value === 'number' ? BigInt(value) : wrong(value, field),
  timestamptz: (value, field) => {
    const timestampUs = Number(value)
    return Number.isSafeInteger(timestampUs) ? timestampUs : wrong(value, field)
  },
}
