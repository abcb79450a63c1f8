import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Json, parseJson, stringifyJson } from '../../lib/iceberg/json.ts'

describe('JSON with big integers', () => {
  it('reads 9223372036854775807 and -9007199254740993 to the last digit', () => {
    expect(parseJson('[9223372036854775807, -9007199254740993]')).toEqual([
      9223372036854775807n,
      -9007199254740993n,
    ])
  })

  it('leaves integers up to 2^53 - 1, fractions and exponents as numbers', () => {
    expect(parseJson('[9007199254740991, 0.5, 1e300]')).toEqual([9007199254740991, 0.5, 1e300])
  })

  it('writes bigints as plain numbers', () => {
    expect(stringifyJson({ id: 2n ** 63n - 1n, gone: undefined })).toBe('{"id":9223372036854775807}')
  })

  it('gives back every tree of texts, numbers and 64-bit integers', () => {
    const big = fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .filter(n => !Number.isSafeInteger(Number(n)))
    const { tree } = fc.letrec<{ tree: Json }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.oneof(
          fc.string(),
          fc.boolean(),
          fc.constant(null),
          fc.integer(),
          fc.constantFrom(0.5, -1.25e300),
          big,
        ),
        fc.array(tie('tree')),
        fc.dictionary(
          fc.string().filter(key => key !== '__proto__'),
          tie('tree'),
        ),
      ),
    }))
    fc.assert(
      fc.property(tree, value => {
        expect(parseJson(stringifyJson(value))).toEqual(value)
      }),
    )
  })
})
