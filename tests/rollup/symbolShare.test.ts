import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ALL_SYMBOLS, isInShare, shareSql } from '../../lib/rollup/symbolShare.ts'

const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256]

describe('shares of all symbols', () => {
  test('have each symbol in exactly one of them, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...COUNTS), (symbol, count) => {
        const holding = Array.from({ length: count }, (_, index) => isInShare({ index, count }, symbol))
        expect(holding.filter(holds => holds)).toHaveLength(1)
      }),
    )
  })

  test('are about equal: of 10,000 symbols each of 8 has 1,250 ± 10 %', () => {
    const symbols = Array.from({ length: 10_000 }, (_, i) => `SYM${i}`)
    for (let index = 0; index < 8; index++) {
      const size = symbols.filter(symbol => isInShare({ index, count: 8 }, symbol)).length
      expect(Math.abs(size - 1_250)).toBeLessThan(125)
    }
  })

  test('each become two of twice as many: what was done by shares can go on by smaller ones', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(127), (symbol, index) => {
        const halves = [index, index + 128].some(half => isInShare({ index: half, count: 256 }, symbol))
        expect(halves).toBe(isInShare({ index, count: 128 }, symbol))
      }),
    )
  })

  test('are told by the lowest bits of the CRC-32 of the name in UTF-8, here as in Trino', () => {
    expect(crc32('123456789')).toBe(0xcbf43926)
    expect(isInShare({ index: 0x26, count: 256 }, '123456789')).toBe(true)
    expect(shareSql({ index: 0x26, count: 256 })).toBe('bitwise_and(crc32(to_utf8(symbol)), 255) = 38')
  })

  test('are all symbols where there is one', () => {
    expect(isInShare(ALL_SYMBOLS, 'x')).toBe(true)
    expect(shareSql(ALL_SYMBOLS)).toBe('true')
  })
})
