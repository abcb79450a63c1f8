import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBound, encodeBound, encodeLowerBound, encodeUpperBound } from '../../lib/iceberg/bounds.ts'
import type { ColumnValue, FieldType } from '../../lib/iceberg/schema.ts'
import { compareText } from '../../lib/iceberg/text.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const values: Record<FieldType, fc.Arbitrary<NonNullable<ColumnValue>>> = {
  string: text,
  double: fc.double({ noNaN: true }),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  timestamptz: fc.maxSafeInteger(),
}

describe('single values as bytes', () => {
  it.each([
    ['int', -2, 'feffffff'],
    ['long', 1, '0100000000000000'],
    ['timestamptz', 1_000_000, '40420f0000000000'],
    ['double', 1.5, '000000000000f83f'],
    ['boolean', true, '01'],
    ['string', 'é', 'c3a9'],
  ] as const)('writes %s %s as %s', (type, value, hex) => {
    expect(Buffer.from(encodeBound(type, value)).toString('hex')).toBe(hex)
  })

  it.each(Object.keys(values) as FieldType[])('gives back every %s', type => {
    fc.assert(
      fc.property(values[type], value => {
        const back = decodeBound(type, encodeBound(type, value))
        expect(typeof value === 'bigint' ? BigInt(Number.isNaN(back) ? 0 : (back as bigint)) : back).toEqual(
          value,
        )
      }),
    )
  })

  it('reads the 4-byte bound of an int column that became a long', () => {
    expect(decodeBound('long', Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(-1)
  })
})

describe('bounds of text', () => {
  it('keep 16 code points, the last one raised in an upper bound', () => {
    expect(decodeBound('string', encodeLowerBound('string', 'abcdefghijklmnopqrs'))).toBe('abcdefghijklmnop')
    expect(decodeBound('string', encodeUpperBound('string', 'abcdefghijklmnopqrs')!)).toBe('abcdefghijklmnoq')
  })

  it('count an emoji as one and leave a text of 16 as it is', () => {
    expect(decodeBound('string', encodeUpperBound('string', '🚀'.repeat(16))!)).toBe('🚀'.repeat(16))
  })

  it('skip the surrogates when they raise U+D7FF', () => {
    const upper = encodeUpperBound('string', `${'a'.repeat(15)}\ud7ffz`)
    expect(decodeBound('string', upper!)).toBe(`${'a'.repeat(15)}\ue000`)
  })

  it('raise an earlier code point when the last is the highest, and give up when all are', () => {
    const highest = '\u{10ffff}'
    expect(decodeBound('string', encodeUpperBound('string', `a${highest.repeat(20)}`)!)).toBe('b')
    expect(encodeUpperBound('string', highest.repeat(17))).toBeUndefined()
  })

  it('enclose every text, in the order of its UTF-8 bytes', () => {
    const bytes = (value: string) => Buffer.from(value)
    fc.assert(
      fc.property(text, value => {
        const lower = encodeLowerBound('string', value)
        const upper = encodeUpperBound('string', value)
        expect(Buffer.compare(Buffer.from(lower), bytes(value))).toBeLessThanOrEqual(0)
        if (upper) expect(Buffer.compare(Buffer.from(upper), bytes(value))).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('are compared like UTF-8 bytes, unlike JavaScript: emoji above U+FF01', () => {
    expect('🚀' < '\uff01').toBe(true)
    expect(compareText('🚀', '\uff01')).toBeGreaterThan(0)
    const any = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
      }),
    )
  })
})
