import { decodeBound } from '../bounds.ts'
import { type DataFile, lowerBound, type Partition, upperBound } from '../dataFile.ts'
import { defined } from '../defined.ts'
import { schemaById, schemaOfSpec, specById, type TableMetadata } from '../metadata.ts'
import { type ColumnValue, isTransform, type PartitionField, type PartitionSpec } from '../schema.ts'
import { partitionsOf, partitionType, sourceField, type ValueRange } from '../transforms.ts'
import { compareValues } from '../values.ts'
import type { ManifestFile, PartitionSummary } from './manifestFile.ts'

/** Ranges of partition values by partition field name. */
export type PartitionRanges = Readonly<Record<string, ValueRange>>

/** Ranges of values by column name. */
export type ColumnRanges = Readonly<Record<string, ValueRange>>

/** Ranges of a spec's partitions for rows with these column values. Columns that the spec does not use are left out. */
export function partitionsWith(
  metadata: TableMetadata,
  specId: number,
  ranges: ColumnRanges,
): PartitionRanges {
  const spec = specById(metadata, specId)
  const schema = schemaOfSpec(metadata, spec)
  const found: Record<string, ValueRange> = {}
  for (const field of spec.fields) {
    const range = ranges[sourceField(schema, field)?.name ?? '']
    const partitions = range && isTransform(field.transform) && partitionsOf(field.transform, range)
    if (partitions) found[field.name] = partitions
  }
  return found
}

/** False when a file's bounds say that none of its rows has such values. */
export function mayHaveRows(metadata: TableMetadata, file: DataFile, ranges: ColumnRanges): boolean {
  const { fields } = schemaById(metadata, metadata.currentSchemaId)
  return Object.entries(ranges).every(([name, range]) => {
    const field = fields.find(field => field.name === name)
    if (field === undefined) return true
    return overlaps(defined({ from: lowerBound(file, field), to: upperBound(file, field) }), range)
  })
}

/** False when the partition summaries of a manifest exclude files of these partitions. */
export function mayHold(metadata: TableMetadata, manifest: ManifestFile, ranges: PartitionRanges): boolean {
  const { partitions } = manifest
  if (!partitions) return true
  const spec = specById(metadata, manifest.specId)
  return spec.fields.every((field, i) => {
    const range = ranges[field.name]
    const summary = partitions[i]
    return !range || !summary || overlaps(summaryRange(metadata, spec, field, summary), range)
  })
}

/** True when a file's partition lies within the ranges; fields that its spec does not have exclude nothing. */
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
  spec: PartitionSpec,
  field: PartitionField,
  { lower, upper }: PartitionSummary,
): ValueRange {
  const type = partitionType(schemaOfSpec(metadata, spec), field)
  if (type === undefined) return {}
  return defined({ from: lower && decodeBound(type, lower), to: upper && decodeBound(type, upper) })
}

/** False when no value lies in both ranges. */
export function overlaps(left: ValueRange, right: ValueRange): boolean {
  return !isBelow(left.to, right.from) && !isBelow(right.to, left.from)
}

function isBelow(end: ColumnValue | undefined, start: ColumnValue | undefined): boolean {
  return end !== undefined && start !== undefined && compareValues(end, start) < 0
}
