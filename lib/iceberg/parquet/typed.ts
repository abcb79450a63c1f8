import { parquetReadAsync } from 'hyparquet/src/read.js'
import { UnreadableFile } from '../errors.ts'
import type { Field, FieldType, Schema } from '../schema.ts'
import { columnName, type OpenParquet } from './open.ts'

/** The values of one column, in a form that takes little memory. */
export type TypedColumn = readonly (string | null)[] | Float64Array | Int32Array | Uint8Array

/** Columns by their names in the schema asked for. */
export type TypedColumns = Readonly<Record<string, TypedColumn>>

/**
 * Decodes the columns of all row groups in the metadata; they are found by field id. Throws `UnreadableFile`.
 *
 * | type | values | null |
 * |---|---|---|
 * | string | strings | null |
 * | double, long (rounded to a double), timestamptz (µs since 1970) | doubles | NaN |
 * | int | 32-bit integers | 0 |
 * | boolean | 1 and 0 | 0 |
 */
export async function decodeTyped(parquet: OpenParquet, { fields }: Schema): Promise<TypedColumns> {
  const rows = parquet.metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  const columns: Record<string, TypedColumn> = {}
  // One at a time: decoding a column takes several times the memory of its values.
  for (const field of fields) columns[field.name] = await decodeColumn(parquet, field, rows)
  return columns
}

async function decodeColumn(parquet: OpenParquet, field: Field, rows: number): Promise<TypedColumn> {
  const chunks = await chunksOf(parquet, field)
  const found = chunks.reduce((sum, { length }) => sum + length, 0)
  if (found !== rows) throw new UnreadableFile(`column ${field.name} has ${found} of ${rows} rows`)
  const column = newColumn(field.type, rows)
  let at = 0
  for (const chunk of chunks) {
    column.put(at, chunk)
    at += chunk.length
  }
  return column.values
}

/** The values of a column's pages, as hyparquet decodes them. */
async function chunksOf(parquet: OpenParquet, field: Field): Promise<ArrayLike<unknown>[]> {
  const column = columnName(parquet.metadata, field)
  try {
    const groups = parquetReadAsync({ ...parquet, columns: [column] })
    const pages = await Promise.all(groups.flatMap(group => group.asyncColumns.map(({ data }) => data)))
    return pages.flatMap(({ data }) => data)
  } catch (cause) {
    throw new UnreadableFile(`column ${column} of a Parquet file cannot be read`, { cause })
  }
}

interface Column {
  readonly values: TypedColumn
  put(at: number, chunk: ArrayLike<unknown>): void
}

function newColumn(type: FieldType, rows: number): Column {
  switch (type) {
    case 'string':
      return textColumn(new Array<string | null>(rows).fill(null))
    case 'boolean':
      return flagColumn(new Uint8Array(rows))
    case 'int':
      return numberColumn(new Int32Array(rows))
    default:
      return numberColumn(new Float64Array(rows))
  }
}

function textColumn(values: (string | null)[]): Column {
  return {
    values,
    put: (at, chunk) => {
      for (let i = 0; i < chunk.length; i++) {
        const value = chunk[i]
        if (typeof value === 'string') values[at + i] = value
        else if (!isNull(value)) throw misfit(value, 'text')
      }
    },
  }
}

function flagColumn(values: Uint8Array): Column {
  return {
    values,
    put: (at, chunk) => {
      for (let i = 0; i < chunk.length; i++) {
        const value = chunk[i]
        if (typeof value === 'boolean') values[at + i] = value ? 1 : 0
        else if (!isNull(value)) throw misfit(value, 'boolean')
      }
    },
  }
}

function numberColumn(values: Float64Array | Int32Array): Column {
  return {
    values,
    put: (at, chunk) => {
      if (chunk instanceof Float64Array) return values.set(chunk, at)
      for (let i = 0; i < chunk.length; i++) {
        const value = chunk[i]
        if (typeof value === 'number' || typeof value === 'bigint') values[at + i] = Number(value)
        else if (isNull(value)) values[at + i] = Number.NaN
        else throw misfit(value, 'number')
      }
    },
  }
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined
}

function misfit(value: unknown, kind: string): UnreadableFile {
  return new UnreadableFile(`a Parquet file holds a ${typeof value} where its table has a ${kind}`)
}
