import { InvalidRows } from '../errors.ts'
import type { ColumnValue, Field } from '../schema.ts'
import { compareText } from '../text.ts'

/** One column's values that are not null, in Parquet's physical form, with what one pass over them tells. */
export interface Gathered {
  /** How many are not null. */
  readonly count: number
  readonly nullCount: number
  /** 1 where there is a value; undefined when there are no nulls. */
  readonly present: Uint8Array | undefined
  readonly nanCount: number
  /** Undefined when there is no value to compare. */
  readonly min: NonNullable<ColumnValue> | undefined
  readonly max: NonNullable<ColumnValue> | undefined
  readonly values: PhysicalValues
}

/** Numbers as little-endian words of 32 bits (`width` of them each), booleans as 0 and 1, or text. */
export type PhysicalValues =
  | { readonly kind: 'words'; readonly words: Uint32Array; readonly width: 1 | 2 }
  | { readonly kind: 'bits'; readonly bits: Uint8Array }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }

/** Reads rows `start` to `end` of a column, once. Throws `InvalidRows`, with column and row, for what does not fit. */
export function gather(field: Field, column: ArrayLike<ColumnValue>, start: number, end: number): Gathered {
  const nulls = findNulls(field, column, start, end)
  const rows = { field, column, start, end, ...nulls }
  switch (field.type) {
    case 'double':
      return gatherDoubles(rows)
    case 'int':
      return gatherInts(rows)
    case 'long':
    case 'timestamptz':
      return gatherLongs(rows)
    case 'boolean':
      return gatherBooleans(rows)
    case 'string':
      return gatherTexts(rows)
  }
}

interface Rows extends Nulls {
  readonly field: Field
  readonly column: ArrayLike<ColumnValue>
  readonly start: number
  readonly end: number
}

interface Nulls {
  readonly count: number
  readonly nullCount: number
  readonly present: Uint8Array | undefined
}

function findNulls(field: Field, column: ArrayLike<ColumnValue>, start: number, end: number): Nulls {
  const rows = end - start
  if (ArrayBuffer.isView(column)) return { count: rows, nullCount: 0, present: undefined }
  const present = new Uint8Array(rows)
  let count = 0
  for (let i = start; i < end; i++) {
    const value = column[i]
    if (value === null || value === undefined) {
      if (field.required) throw misfit(field, i, value)
    } else {
      present[i - start] = 1
      count++
    }
  }
  return { count, nullCount: rows - count, present: count === rows ? undefined : present }
}

function misfit({ name, type, required }: Field, row: number, value: unknown): InvalidRows {
  const shown = typeof value === 'string' ? 'a text' : String(value)
  return new InvalidRows(`column ${name}, row ${row}: ${shown} is no ${required ? '' : 'optional '}${type}`)
}

function gatherDoubles({ field, column, start, end, count, nullCount, present }: Rows): Gathered {
  const doubles = new Float64Array(count)
  let size = 0
  let nanCount = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = start; i < end; i++) {
    const value = column[i]
    if (value === null || value === undefined) continue
    if (typeof value !== 'number') throw misfit(field, i, value)
    doubles[size++] = value
    if (value < min) min = value
    if (value > max) max = value
    if (Number.isNaN(value)) nanCount++
  }
  const known = count > nanCount
  return {
    count,
    nullCount,
    present,
    nanCount,
    // Zeros are compared without their sign, so bounds take the wider one:
    // https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (ColumnOrder)
    min: known ? (min === 0 ? -0 : min) : undefined,
    max: known ? (max === 0 ? 0 : max) : undefined,
    values: { kind: 'words', words: new Uint32Array(doubles.buffer), width: 2 },
  }
}

function gatherInts({ field, column, start, end, count, nullCount, present }: Rows): Gathered {
  const ints = new Int32Array(count)
  let size = 0
  let min = 0x7fffffff
  let max = -0x80000000
  for (let i = start; i < end; i++) {
    const value = column[i]
    if (value === null || value === undefined) continue
    if (typeof value !== 'number' || (value | 0) !== value) throw misfit(field, i, value)
    ints[size++] = value
    if (value < min) min = value
    if (value > max) max = value
  }
  const values = { kind: 'words', words: new Uint32Array(ints.buffer), width: 1 } as const
  return { count, nullCount, present, nanCount: 0, ...range(count, min, max), values }
}

function range<Value>(
  count: number,
  min: Value,
  max: Value,
): { min: Value | undefined; max: Value | undefined } {
  return count > 0 ? { min, max } : { min: undefined, max: undefined }
}

/** Longs stay numbers as long as they can: arithmetic on bigints is many times slower. */
function gatherLongs(rows: Rows): Gathered {
  const { field, column, start, end, count, nullCount, present } = rows
  const words = new Uint32Array(count * 2)
  let size = 0
  let min = Number.MAX_SAFE_INTEGER
  let max = Number.MIN_SAFE_INTEGER
  for (let i = start; i < end; i++) {
    const given = column[i]
    if (given === null || given === undefined) continue
    const isBig = typeof given === 'bigint' && field.type === 'long'
    const value = isBig ? Number(given) : given
    if (isBig && !Number.isSafeInteger(value)) return gatherBigLongs(rows)
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw misfit(field, i, given)
    words[size++] = value
    words[size++] = Math.floor(value / 0x100000000)
    if (value < min) min = value
    if (value > max) max = value
  }
  return {
    count,
    nullCount,
    present,
    nanCount: 0,
    ...range(count, min, max),
    values: { kind: 'words', words, width: 2 },
  }
}

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

function gatherBigLongs({ field, column, start, end, count, nullCount, present }: Rows): Gathered {
  const longs = new BigInt64Array(count)
  let size = 0
  let min = int64.max
  let max = int64.min
  for (let i = start; i < end; i++) {
    const given = column[i]
    if (given === null || given === undefined) continue
    if (typeof given === 'number' ? !Number.isSafeInteger(given) : typeof given !== 'bigint')
      throw misfit(field, i, given)
    const value = BigInt(given)
    if (value < int64.min || value > int64.max) throw misfit(field, i, given)
    longs[size++] = value
    if (value < min) min = value
    if (value > max) max = value
  }
  const values = { kind: 'words', words: new Uint32Array(longs.buffer), width: 2 } as const
  return { count, nullCount, present, nanCount: 0, ...range(count, min, max), values }
}

function gatherBooleans({ field, column, start, end, count, nullCount, present }: Rows): Gathered {
  const bits = new Uint8Array(count)
  let size = 0
  let trues = 0
  for (let i = start; i < end; i++) {
    const value = column[i]
    if (value === null || value === undefined) continue
    if (typeof value !== 'boolean') throw misfit(field, i, value)
    if (value) trues++
    bits[size++] = value ? 1 : 0
  }
  const bounds = range(count, trues === count, trues > 0)
  return { count, nullCount, present, nanCount: 0, ...bounds, values: { kind: 'bits', bits } }
}

function gatherTexts({ field, column, start, end, count, nullCount, present }: Rows): Gathered {
  const texts = new Array<string>(count)
  let size = 0
  let min: string | undefined
  let max: string | undefined
  for (let i = start; i < end; i++) {
    const value = column[i]
    if (value === null || value === undefined) continue
    if (typeof value !== 'string') throw misfit(field, i, value)
    texts[size++] = value
    if (value === min || value === max) continue
    if (min === undefined || compareText(value, min) < 0) min = value
    if (max === undefined || compareText(value, max) > 0) max = value
  }
  return { count, nullCount, present, nanCount: 0, min, max, values: { kind: 'texts', texts } }
}
