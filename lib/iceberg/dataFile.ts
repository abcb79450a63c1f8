import { decodeBound } from './bounds.ts'
import { stringifyJson } from './json.ts'
import type { ColumnValue, Field, PartitionSpec } from './schema.ts'

/** A partition's values by the names of the partition fields: days or months since 1970, or the value itself. */
export type Partition = Readonly<Record<string, ColumnValue>>

/** https://iceberg.apache.org/spec/#row-level-deletes */
export type DeletesBy = 'position' | 'equality'

/** Numbers or bounds by column id. */
export type ByField<Value> = ReadonlyMap<number, Value>

/** A data file or a delete file, with all that the table's manifests say of it. */
export interface DataFile {
  readonly path: string
  /** Whether a delete file has position or equality deletes; undefined for a data file. */
  readonly deletesBy?: DeletesBy
  /** Field ids of the columns that an equality delete compares. */
  readonly equalityIds?: readonly number[]
  /** The only data file that a position delete file applies to, if its writer says so. */
  readonly referencedDataFile?: string
  /** In capital letters, whatever case its writer used: `PARQUET`. */
  readonly format: string
  readonly specId: PartitionSpec['specId']
  readonly partition: Partition
  /** Deleted rows count too: see `liveRows`. */
  readonly recordCount: number
  readonly fileSizeBytes: number
  readonly columnSizes?: ByField<number>
  readonly valueCounts?: ByField<number>
  readonly nullCounts?: ByField<number>
  readonly nanCounts?: ByField<number>
  /** Single values as the Iceberg spec serializes them; see `lowerBound` and `upperBound`. */
  readonly lowerBounds?: ByField<Uint8Array>
  readonly upperBounds?: ByField<Uint8Array>
  readonly splitOffsets?: readonly number[]
  readonly sortOrderId?: number
}

/** A data file of a snapshot, with the snapshot that brought it in and the age of its rows. */
export interface LiveFile extends DataFile {
  readonly snapshotId: bigint
  /** Never below that of the rows in the file, whatever compaction did. */
  readonly sequenceNumber: number
  readonly fileSequenceNumber: number
  /** Delete files that may apply to this data file; `readRows` applies them. */
  readonly deletes?: readonly LiveFile[]
}

/** Equal for files of one partition, and for no others. */
export function partitionKey({ specId, partition }: DataFile): string {
  return stringifyJson([specId, partition])
}

/** The smallest value that a column may have in the file; undefined when nothing is known: it may hold anything. */
export function lowerBound(file: DataFile, field: Field): ColumnValue | undefined {
  return bound(file.lowerBounds, field)
}

/** The largest value that a column may have in the file; undefined when nothing is known: it may hold anything. */
export function upperBound(file: DataFile, field: Field): ColumnValue | undefined {
  return bound(file.upperBounds, field)
}

function bound(bounds: ByField<Uint8Array> | undefined, field: Field): ColumnValue | undefined {
  const bytes = bounds?.get(field.id)
  return bytes && decodeBound(field.type, bytes)
}
