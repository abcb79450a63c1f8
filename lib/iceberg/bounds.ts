import type { ColumnValue, FieldType } from './schema.ts'
import { truncateDown, truncateUp } from './text.ts'

/** Iceberg's default for text in bounds: 16 code points (`write.metadata.metrics.default`, `truncate(16)`). */
const BOUND_TEXT_LENGTH = 16

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * One value as bytes: little-endian numbers, µs for `timestamptz`, UTF-8 text, one byte for a boolean.
 * https://iceberg.apache.org/spec/#appendix-d-single-value-serialization
 */
export function encodeBound(type: FieldType, value: NonNullable<ColumnValue>): Uint8Array {
  switch (type) {
    case 'boolean':
      return Uint8Array.of(value ? 1 : 0)
    case 'int':
      return new Uint8Array(Int32Array.of(Number(value)).buffer)
    case 'long':
    case 'timestamptz':
      return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
    case 'double':
      return new Uint8Array(Float64Array.of(Number(value)).buffer)
    case 'string':
      return new TextEncoder().encode(String(value))
  }
}

/**
 * The value that `encodeBound` wrote; a `long` above 2^53 is a bigint. An `int` that became a `long` has 4
 * bytes; one that another engine has made a `long` since has 8.
 */
export function decodeBound(type: FieldType, bytes: Uint8Array): ColumnValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (type) {
    case 'boolean':
      return bytes[0] !== 0
    case 'int':
    case 'long':
    case 'timestamptz':
      return bytes.length === 4 ? view.getInt32(0, true) : safeNumber(view.getBigInt64(0, true))
    case 'double':
      return view.getFloat64(0, true)
    case 'string':
      return utf8.decode(bytes)
  }
}

function safeNumber(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A column's smallest value as its lower bound; long text is cut, which only lowers it. */
export function encodeLowerBound(type: FieldType, value: NonNullable<ColumnValue>): Uint8Array {
  return encodeBound(type, type === 'string' ? truncateDown(String(value), BOUND_TEXT_LENGTH) : value)
}

/** A column's largest value as its upper bound; long text is cut and raised. Undefined when that cannot be done. */
export function encodeUpperBound(type: FieldType, value: NonNullable<ColumnValue>): Uint8Array | undefined {
  if (type !== 'string') return encodeBound(type, value)
  const raised = truncateUp(String(value), BOUND_TEXT_LENGTH)
  return raised === undefined ? undefined : encodeBound(type, raised)
}
