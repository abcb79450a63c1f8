import { encodeBound } from './bounds.ts'
import type { DataFile } from './dataFile.ts'
import { isFieldType, isTransform, type PartitionSpec, type Schema } from './schema.ts'
import { sourceField, valuesOf } from './transforms.ts'

/**
 * The file with bounds added for partition columns that have none. So the bounds alone are enough to find files by their rows,
 * however the table is partitioned.
 */
export function withPartitionBounds<File extends DataFile>(
  file: File,
  { fields }: PartitionSpec,
  schema: Schema,
): File {
  const unknown = fields.filter(
    ({ sourceId }) => !file.lowerBounds?.has(sourceId) || !file.upperBounds?.has(sourceId),
  )
  if (unknown.length === 0) return file
  const lowerBounds = new Map(file.lowerBounds)
  const upperBounds = new Map(file.upperBounds)
  for (const field of unknown) {
    const type = sourceField(schema, field)?.type
    const values =
      isTransform(field.transform) && valuesOf(field.transform, file.partition[field.name] ?? null)
    if (!isFieldType(type) || !values) continue
    if (!lowerBounds.has(field.sourceId)) lowerBounds.set(field.sourceId, encodeBound(type, values.from))
    if (!upperBounds.has(field.sourceId)) upperBounds.set(field.sourceId, encodeBound(type, values.to))
  }
  return { ...file, lowerBounds, upperBounds }
}
