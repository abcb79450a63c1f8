import { decodeBound } from '../bounds.ts'
import type { Partition } from '../dataFile.ts'
import { defined } from '../defined.ts'
import { schemaById, specById, type TableMetadata } from '../metadata.ts'
import type { ColumnValue, PartitionField } from '../schema.ts'
import { partitionType } from '../transforms.ts'
import { compareValues } from '../values.ts'
import type { ManifestFile, PartitionSummary } from './manifestFile.ts'

/** An inclusive range of a partition field's values; an end that is left out is open. */
export interface PartitionRange {
  readonly from?: ColumnValue
  readonly to?: ColumnValue
}

/** Ranges by partition field name. */
export type PartitionRanges = Readonly<Record<string, PartitionRange>>

/** Whether a manifest may hold files of these partitions, as far as its summaries tell. */
export function mayHold(metadata: TableMetadata, manifest: ManifestFile, ranges: PartitionRanges): boolean {
  const { partitions } = manifest
  if (!partitions) return true
  return specById(metadata, manifest.specId).fields.every((field, i) => {
    const range = ranges[field.name]
    const summary = partitions[i]
    return !range || !summary || overlaps(summaryRange(metadata, field, summary), range)
  })
}

/** Whether a file's partition lies within the ranges; fields that its spec does not have are no reason to leave it out. */
export function isWithin(partition: Partition, ranges: PartitionRanges): boolean {
  return Object.entries(ranges).every(([name, range]) => {
    const value = partition[name]
    return value === undefined || (value !== null && overlaps({ from: value, to: value }, range))
  })
}

/** A partition as ranges of one value each; null may be anywhere. */
export function rangesOf(partition: Partition): PartitionRanges {
  const known = Object.entries(partition).filter(([, value]) => value !== null)
  return Object.fromEntries(known.map(([name, value]) => [name, { from: value, to: value }]))
}

function summaryRange(
  metadata: TableMetadata,
  field: PartitionField,
  { lower, upper }: PartitionSummary,
): PartitionRange {
  const type = partitionType(schemaById(metadata, metadata.currentSchemaId), field)
  return defined({ from: lower && decodeBound(type, lower), to: upper && decodeBound(type, upper) })
}

function overlaps(left: PartitionRange, right: PartitionRange): boolean {
  return !isBelow(left.to, right.from) && !isBelow(right.to, left.from)
}

function isBelow(end: ColumnValue | undefined, start: ColumnValue | undefined): boolean {
  return end !== undefined && start !== undefined && compareValues(end, start) < 0
}
