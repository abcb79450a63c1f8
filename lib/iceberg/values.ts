import type { ColumnValue } from './schema.ts'
import { compareText } from './text.ts'

/** Negative, 0 or positive: two values of one column in Iceberg's order; text by its UTF-8 bytes, null last. */
export function compareValues(left: ColumnValue, right: ColumnValue): number {
  if (left === right) return 0
  if (left === null) return 1
  if (right === null) return -1
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  return left < right ? -1 : left > right ? 1 : 0
}
