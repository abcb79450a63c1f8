import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../ports.ts'
import type { DataFile, Partition } from './dataFile.ts'
import { InvalidRows } from './errors.ts'
import { currentSchema, currentSpec } from './metadata.ts'
import { type ColumnExtent, encodeParquet } from './parquet.ts'
import type { Columns, ColumnValue, PartitionField, PartitionSpec } from './schema.ts'
import type { Table } from './table.ts'
import { partitionOf, partitionText } from './transforms.ts'

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
export function encodeDataFile(table: Table, columns: Columns, rowCount: number): EncodedDataFile {
  const spec = currentSpec(table)
  const { bytes, stats, extents, splitOffsets } = encodeParquet(currentSchema(table), columns, rowCount)
  const partition: Partition = Object.fromEntries(
    spec.fields.map(field => [field.name, onlyPartition(field, extents.get(field.sourceId))]),
  )
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

/** The transforms are monotonic: when the smallest and the largest value agree, all rows do. */
function onlyPartition(field: PartitionField, extent: ColumnExtent | undefined): ColumnValue {
  if (!extent)
    throw new InvalidRows(`partition field ${field.name}: the table has no column ${field.sourceId}`)
  const { min = null, max = null, nulls } = extent
  const first = partitionOf(field.transform, min)
  const last = partitionOf(field.transform, max)
  if (first !== last || (first !== null && nulls > 0))
    throw new InvalidRows(
      `rows of more than one partition in one file: ${field.name} from ${first} to ${last}`,
    )
  return first
}

/** For people who look into the bucket; readers take partitions from the manifests. Every store takes these characters. */
function folder({ fields }: PartitionSpec, partition: Partition): string {
  const parts = fields.map(
    ({ name, transform }) => `${name}=${partitionText(transform, partition[name] ?? null)}`,
  )
  return parts.map(part => `${part.replace(/[^\w.=-]/g, '_')}/`).join('')
}
