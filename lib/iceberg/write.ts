import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../ports.ts'
import type { DataFile, Partition } from './dataFile.ts'
import { InvalidRows } from './errors.ts'
import { currentSchema, currentSpec } from './metadata.ts'
import { type EncodedParquet, encodeParquet, ParquetEncoder, ROW_GROUP_ROWS } from './parquet.ts'
import type { Columns, ColumnValue, Field, PartitionSpec, Schema } from './schema.ts'
import { splitRows } from './splitRows.ts'
import type { Table } from './table.ts'
import { partitionText } from './transforms.ts'
import { refuseUnwritable } from './unwritable.ts'

/** A data file that is not in the store yet. */
export interface EncodedDataFile {
  readonly file: DataFile
  readonly bytes: Uint8Array
}

/** As `encodeDataFile`, and writes the file; no reader sees it before it is committed. */
export async function writeDataFile(
  store: ObjectStore,
  table: Table,
  columns: Columns,
  rowCount: number,
): Promise<DataFile> {
  const { file, bytes } = encodeDataFile(table, columns, rowCount)
  await store.write(file.path, bytes)
  return file
}

/**
 * Rows of ONE partition as a Parquet file of the table, to lie under `data/`.
 * Throws `InvalidRows` for rows that do not fit the schema or fall into more than one partition.
 */
export function encodeDataFile(
  table: Table,
  columns: Columns,
  rowCount: number,
  rowGroupRows = ROW_GROUP_ROWS,
): EncodedDataFile {
  const [first, second] = encodeDataFiles(table, columns, rowCount, rowGroupRows)
  if (first === undefined) throw new InvalidRows('a data file needs at least one row')
  if (second === undefined) return first
  const differing = currentSpec(table).fields.find(
    ({ name }) => first.file.partition[name] !== second.file.partition[name],
  )
  const [from, to] = [first, second].map(({ file }) => file.partition[differing?.name ?? ''])
  throw new InvalidRows(
    `rows of more than one partition in one file: ${differing?.name} from ${from} to ${to}`,
  )
}

/**
 * Encodes rows as Parquet files of the table, one for each partition. Optional columns that are not given are not in the files
 * and read as null. Throws `InvalidRows` for rows that do not fit the schema, `UnsupportedTable` for a table that cannot be written.
 */
export function encodeDataFiles(
  table: Table,
  columns: Columns,
  rowCount: number,
  rowGroupRows = ROW_GROUP_ROWS,
): EncodedDataFile[] {
  refuseUnwritable(table)
  const schema = givenColumns(currentSchema(table), columns)
  return splitRows(table, columns, rowCount).map(({ partition, columns, rowCount }) =>
    dataFile(table, partition, encodeParquet(schema, columns, rowCount, rowGroupRows), rowCount),
  )
}

/** The schema with the columns that the files will have: required ones, and optional ones that are given. */
function givenColumns(schema: Schema, columns: Columns): Schema {
  const fields = schema.fields.filter(({ name, required }) => required || columns[name] !== undefined)
  const unknown = Object.keys(columns).find(name => !fields.some(field => field.name === name))
  if (unknown !== undefined) throw new InvalidRows(`the table has no column ${unknown}`)
  return { ...schema, fields }
}

/** The files that rows of one partition are encoded as. */
export interface FilesToEncode {
  readonly partition: Partition
  readonly fields: readonly Field[]
  /** The row count of each file; the first rows go into the first one. */
  readonly rowCounts: readonly number[]
  readonly rowGroupRows: number
}

/**
 * Encodes rows of one partition as Parquet files of the table, with one column in memory at a time: `columnOf` gives its
 * values for the rows of all files. Throws what `encodeDataFiles` throws.
 */
export async function encodeByColumn(
  table: Table,
  { partition, fields, rowCounts, rowGroupRows }: FilesToEncode,
  columnOf: (field: Field) => Promise<readonly ColumnValue[]>,
): Promise<EncodedDataFile[]> {
  refuseUnwritable(table)
  const encoders = rowCounts.map(rowCount => new ParquetEncoder(rowCount, rowGroupRows))
  for (const field of fields) {
    const column = await columnOf(field)
    let from = 0
    for (const [i, rowCount] of rowCounts.entries()) {
      encoders[i]!.add(field, column.slice(from, from + rowCount))
      from += rowCount
    }
  }
  return encoders.map((encoder, i) => dataFile(table, partition, encoder.end(), rowCounts[i]!))
}

function dataFile(
  table: Table,
  partition: Partition,
  { bytes, stats, splitOffsets }: EncodedParquet,
  rowCount: number,
): EncodedDataFile {
  const spec = currentSpec(table)
  const path = `${table.metadata.location}/data/${folder(spec, partition)}${randomUUID()}.parquet`
  const file = {
    path,
    format: 'PARQUET',
    specId: spec.specId,
    partition,
    recordCount: rowCount,
    fileSizeBytes: bytes.length,
    ...stats,
    splitOffsets,
  }
  return { file, bytes }
}

/** The folder name is for people who browse the bucket; readers use the manifests. Every store accepts these characters. */
function folder({ fields }: PartitionSpec, partition: Partition): string {
  const parts = fields.map(
    ({ name, transform }) => `${name}=${partitionText(transform, partition[name] ?? null)}`,
  )
  return parts.map(part => `${part.replace(/[^\w.=-]/g, '_')}/`).join('')
}
