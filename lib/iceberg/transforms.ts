import { encodeBound } from './bounds.ts'
import { InvalidRows } from './errors.ts'
import { murmur3 } from './murmur3.ts'
import {
  type ColumnValue,
  type Field,
  type FieldType,
  isFieldType,
  type PartitionField,
  type Schema,
  type Transform,
} from './schema.ts'
import { truncateDown } from './text.ts'

const US_PER_HOUR = 3_600_000_000
const US_PER_DAY = 24 * US_PER_HOUR
const US_PER_MS = 1000

/** An inclusive range of values of a column or a partition field. A missing end is open. */
export interface ValueRange {
  readonly from?: ColumnValue
  readonly to?: ColumnValue
}

/**
 * The partition of a value: whole hours, days, months or years since 1970 (of µs since 1970), the number of a bucket, the value
 * truncated, or the value itself; null for null. https://iceberg.apache.org/spec/#partition-transforms
 */
export function partitionOf(transform: Transform, value: ColumnValue): ColumnValue {
  return partitioner(transform)(value)
}

/** `partitionOf` for many values of one column. */
export function partitioner(transform: Transform): (value: ColumnValue) => ColumnValue {
  const [name = '', size] = transform.split(/[[\]]/)
  const partition = PARTITIONERS[name]
  if (name === 'identity') return value => value
  if (partition === undefined) return () => null
  return value => (value === null ? null : partition(value, Number(size)))
}

const PARTITIONERS: Readonly<
  Record<string, (value: NonNullable<ColumnValue>, size: number) => NonNullable<ColumnValue>>
> = {
  bucket: bucketOf,
  truncate: truncated,
  hour: value => Math.floor(micros(value) / US_PER_HOUR),
  day: value => Math.floor(micros(value) / US_PER_DAY),
  month: value => {
    const date = new Date(Math.floor(micros(value) / US_PER_MS))
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
  },
  year: value => new Date(Math.floor(micros(value) / US_PER_MS)).getUTCFullYear() - 1970,
}

function micros(value: NonNullable<ColumnValue>): number {
  if (typeof value === 'number') return value
  throw new InvalidRows(`partitions of times are made of microseconds, not of a ${typeof value}`)
}

function bucketOf(value: NonNullable<ColumnValue>, buckets: number): number {
  const hash = murmur3(encodeBound(typeof value === 'string' ? 'string' : 'long', value))
  return (hash & 0x7fffffff) % buckets
}

function truncated(value: NonNullable<ColumnValue>, width: number): NonNullable<ColumnValue> {
  if (typeof value === 'string') return truncateDown(value, width)
  if (typeof value === 'bigint') return value - BigInt(floorMod(Number(value % BigInt(width)), width))
  return Number(value) - floorMod(Number(value), width)
}

function floorMod(value: number, width: number): number {
  return ((value % width) + width) % width
}

/** The range of partitions for a range of values; undefined where any partition is possible. */
export function partitionsOf(transform: Transform, { from, to }: ValueRange): ValueRange | undefined {
  if (transform === 'void' || (transform.startsWith('bucket') && from !== to)) return undefined
  return {
    ...(from === undefined ? {} : { from: partitionOf(transform, from) }),
    ...(to === undefined ? {} : { to: partitionOf(transform, to) }),
  }
}

/** The smallest and the largest value of a partition, where they can be known. */
export function valuesOf(
  transform: Transform,
  partition: ColumnValue,
): { readonly from: NonNullable<ColumnValue>; readonly to: NonNullable<ColumnValue> } | undefined {
  if (partition === null) return undefined
  if (transform === 'identity') return { from: partition, to: partition }
  const startOf = STARTS[transform]
  const number = Number(partition)
  return startOf && { from: startOf(number), to: startOf(number + 1) - 1 }
}

/** The first moment of a partition of times, µs since 1970. */
const STARTS: Readonly<Record<string, (partition: number) => number>> = {
  hour: hours => hours * US_PER_HOUR,
  day: days => days * US_PER_DAY,
  month: months => Date.UTC(1970, months) * US_PER_MS,
  year: years => Date.UTC(1970 + years, 0) * US_PER_MS,
}

/** The column that a partition field is made from; undefined when the schema lacks it. */
export function sourceField({ fields }: Schema, { sourceId }: PartitionField): Field | undefined {
  return fields.find(field => field.id === sourceId)
}

/** The type of a partition field's values: its column's, or int for buckets and times. Undefined for unknown transforms. */
export function partitionType(schema: Schema, field: PartitionField): FieldType | undefined {
  if (!/^(identity|void|truncate)/.test(field.transform)) return 'int'
  const type = sourceField(schema, field)?.type
  return isFieldType(type) ? type : undefined
}

/** A partition value as people read it, and as folder names show it: `2025-03-20`, `2025-03`, `m1`, `null`. */
export function partitionText(transform: Transform, value: ColumnValue): string {
  const startOf = STARTS[transform]
  if (value === null || startOf === undefined) return String(value)
  const start = new Date(startOf(Number(value)) / US_PER_MS).toISOString()
  const length = { hour: 13, day: 10, month: 7, year: 4 }[transform as 'hour']
  return start.slice(0, length + (/^[+-]/.test(start) ? 3 : 0)).replace('T', '-')
}
