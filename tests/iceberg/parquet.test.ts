import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { decodeBound } from '../../lib/iceberg/bounds.ts'
import { InvalidRows, UnreadableFile } from '../../lib/iceberg/errors.ts'
import { decodeParquet, encodeParquet } from '../../lib/iceberg/parquet.ts'
import type { Columns, ColumnValue, FieldType, Schema } from '../../lib/iceberg/schema.ts'
import { readings, readingsSchema } from './fixtures.ts'

const values: Record<FieldType, fc.Arbitrary<ColumnValue>> = {
  string: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('EURUSD', '\ufeffEURUSD')),
  double: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1.5, Number.MIN_VALUE, Number.NaN)),
  boolean: fc.boolean(),
  int: fc.oneof(fc.integer(), fc.constantFrom(0, 1)),
  long: fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(7, 8),
  ),
  timestamptz: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 1_742_480_000_000_000)),
}

function oneColumn(type: FieldType, required: boolean): Schema {
  return { schemaId: 0, fields: [{ id: 12, name: 'only', type, required }] }
}

/** What a reader gives for what was written: longs are bigints. */
function readBack(type: FieldType, value: ColumnValue): ColumnValue {
  return type === 'long' && value !== null ? BigInt(value) : value
}

async function roundTrip(schema: Schema, columns: Columns, rows: number) {
  return decodeParquet(encodeParquet(schema, columns, rows).bytes, schema)
}

describe('Parquet files', () => {
  describe.each(Object.keys(values) as FieldType[])('with a column of %s', type => {
    it('give back every value of a required column', async () => {
      const column = fc.array(values[type], { minLength: 1, maxLength: 400 })
      await fc.assert(
        fc.asyncProperty(column, async only => {
          const back = await roundTrip(oneColumn(type, true), { only }, only.length)
          expect(back.only).toEqual(only.map(value => readBack(type, value)))
        }),
      )
    })

    it('give back every value and null of an optional column', async () => {
      const column = fc.array(fc.option(values[type], { freq: 3 }), { minLength: 1, maxLength: 400 })
      await fc.assert(
        fc.asyncProperty(column, async only => {
          const back = await roundTrip(oneColumn(type, false), { only }, only.length)
          expect(back.only).toEqual(only.map(value => readBack(type, value)))
        }),
      )
    })

    it('have bounds that enclose their values, and right counts', () => {
      const column = fc.array(fc.option(values[type], { freq: 5 }), { minLength: 1, maxLength: 50 })
      fc.assert(
        fc.property(column, only => {
          const { stats } = encodeParquet(oneColumn(type, false), { only }, only.length)
          expect(stats.valueCounts.get(12)).toBe(only.length)
          expect(stats.nullCounts.get(12)).toBe(only.filter(value => value === null).length)
          const lower = stats.lowerBounds.get(12)
          const upper = stats.upperBounds.get(12)
          for (const value of only) {
            if (value === null || Number.isNaN(value)) continue
            if (lower) expect(order(type, decodeBound(type, lower), value)).toBeLessThanOrEqual(0)
            if (upper) expect(order(type, value, decodeBound(type, upper))).toBeLessThanOrEqual(0)
          }
        }),
      )
    })
  })

  it('hold 300,000 rows in 3 row groups, each with its offset', async () => {
    const rows = 300_000
    const columns = readings({ rows })
    const { bytes, splitOffsets, stats } = encodeParquet(readingsSchema, columns, rows)
    const metadata = parquetMetadata(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    )
    expect(metadata.row_groups.map(group => Number(group.num_rows))).toEqual([131_072, 131_072, 37_856])
    expect(splitOffsets).toHaveLength(3)
    expect(splitOffsets[0]).toBe(4)
    expect(stats.nullCounts.get(3)).toBe(100_000)
    const back = await decodeParquet(bytes, readingsSchema)
    expect(back.serial?.every((serial, i) => serial === BigInt(i))).toBe(true)
    expect(back.good).toEqual(columns.good)
  })

  it('carry the field id, the type and zstd on every column', () => {
    const { bytes } = encodeParquet(readingsSchema, readings({ rows: 5000 }), 5000)
    const { schema, row_groups } = parquetMetadata(new Uint8Array(bytes).buffer)
    expect(schema.slice(1).map(element => element.field_id)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(schema[5]?.logical_type).toMatchObject({
      type: 'TIMESTAMP',
      isAdjustedToUTC: true,
      unit: 'MICROS',
    })
    expect(row_groups[0]?.columns[4]?.meta_data?.codec).toBe('ZSTD')
    expect(row_groups[0]?.columns[0]?.meta_data?.encodings).toContain('RLE_DICTIONARY')
  })

  it('keep 20,000 equal texts in under 100 bytes', () => {
    const only = new Array<string>(20_000).fill('SOURCE_1')
    const { stats } = encodeParquet(oneColumn('string', true), { only }, only.length)
    expect(stats.columnSizes.get(12)).toBeLessThan(100)
  })

  it('are read by field id: a renamed column is found, a new optional one is null', async () => {
    const { bytes } = encodeParquet(oneColumn('int', true), { only: [1, 2] }, 2)
    const later: Schema = {
      schemaId: 1,
      fields: [
        { id: 12, name: 'renamed', type: 'int', required: true },
        { id: 13, name: 'new', type: 'string', required: false },
      ],
    }
    expect(await decodeParquet(bytes, later)).toEqual({ renamed: [1, 2], new: [null, null] })
    expect(await decodeParquet(bytes, later, ['new'])).toEqual({ new: [null, null] })
  })

  it('read an int column that became a long as bigints', async () => {
    const { bytes } = encodeParquet(oneColumn('int', true), { only: [1, -2] }, 2)
    expect(await decodeParquet(bytes, oneColumn('long', true))).toEqual({ only: [1n, -2n] })
  })

  it.each([
    ['string', 5],
    ['double', '1.5'],
    ['boolean', 1],
    ['int', 2 ** 31],
    ['int', 0.5],
    ['long', 2 ** 53],
    ['long', 2n ** 63n],
    ['timestamptz', 2n ** 60n],
    ['timestamptz', 0.5],
    ['string', null],
  ] as const)('refuse, with column and row, %s %s', (type, value) => {
    const only = [type === 'string' ? 'a' : type === 'boolean' ? true : 1, value]
    const encode = () => encodeParquet(oneColumn(type, true), { only }, 2)
    expect(encode).toThrow(InvalidRows)
    expect(encode).toThrow(/column only, row 1/)
  })

  it('refuse a missing column, one that is too short, and no rows', () => {
    const schema = oneColumn('int', true)
    expect(() => encodeParquet(schema, {}, 1)).toThrow('column only is not given')
    expect(() => encodeParquet(schema, { only: [1] }, 2)).toThrow('column only has 1 values for 2 rows')
    expect(() => encodeParquet(schema, { only: [] }, 0)).toThrow('at least one row')
  })

  it('that are cut off or no Parquet at all are unreadable', async () => {
    const { bytes } = encodeParquet(readingsSchema, readings(), 3)
    for (const damaged of [bytes.slice(0, -20), new Uint8Array(100), new Uint8Array(0)])
      await expect(decodeParquet(damaged, readingsSchema)).rejects.toThrow(UnreadableFile)
  })
})

function order(type: FieldType, left: ColumnValue, right: ColumnValue): number {
  if (type === 'string') return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
  return left === null || right === null ? 0 : left < right ? -1 : left > right ? 1 : 0
}
