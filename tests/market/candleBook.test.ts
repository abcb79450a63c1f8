import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ComputedCandle } from '../../lib/market/candle.ts'
import { CandleBook, symbolKey } from '../../lib/market/candleBook.ts'
import { candle } from '../support/candles.ts'

const row = candle({ dateTimeUs: 0 })
const { closed: _closed, revision: _revision, updatedAtUs: _updatedAtUs, ...values } = row
const computed: ComputedCandle = values
const changed = { ...computed, close: 7 }
const X = symbolKey(row)

let book: CandleBook
beforeEach(() => {
  book = new CandleBook()
})
const entries = () => [...book.entries()]

describe('symbolKey', () => {
  test('is equal for equal pairs and for no others, whatever the names contain', () => {
    const name = fc.oneof(fc.string({ maxLength: 4 }), fc.stringMatching(/^[\d:a]{0,4}$/))
    fc.assert(
      fc.property(name, name, name, name, (source, symbol, otherSource, otherSymbol) => {
        const isSame = source === otherSource && symbol === otherSymbol
        const keys = [
          { source, symbol },
          { source: otherSource, symbol: otherSymbol },
        ].map(symbolKey)
        expect(keys[0] === keys[1]).toBe(isSame)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    [
      ['1:a', 'b'],
      ['1', ':ab'],
    ],
    [
      ['a', 'b1:c'],
      ['ab1:', 'c'],
    ],
    [
      ['', 'ab'],
      ['a', 'b'],
    ],
    [
      ['a:b', 'c'],
      ['a', 'b:c'],
    ],
    [
      ['1', 'abcdefghijkX'],
      ['abcdefghijk', 'X'],
    ],
  ])('tells %j from %j', ([source, symbol], [otherSource, otherSymbol]) => {
    const key = symbolKey({ source: source!, symbol: symbol! })
    expect(key).not.toBe(symbolKey({ source: otherSource!, symbol: otherSymbol! }))
  })
})

describe('a book of candles', () => {
  test('shows what is stored until something else is computed, then that', () => {
    book.add(row)
    expect(book.at('m1', 0, X)).toBe(row)
    book.put(changed)
    expect(book.at('m1', 0, X)).toBe(changed)
    expect(book.stored('m1', 0, X)).toBe(row)
    expect(entries()).toEqual([{ key: changed, stored: row, computed: changed }])
  })

  test('holds no difference where the computed values are the stored ones', () => {
    book.add(row)
    book.put(computed)
    expect(entries()).toEqual([])
    expect(book.differing('m1').get(0)?.size ?? 0).toBe(0)
  })

  test('forgets a difference when the values are the stored ones after all', () => {
    book.add(row)
    book.put(changed)
    book.put(computed)
    expect(entries()).toEqual([])
    expect(book.at('m1', 0, X)).toBe(row)
  })

  test('shows no candle where it is removed, and names the stored row that leaves', () => {
    book.add(row)
    book.remove(computed)
    expect(book.at('m1', 0, X)).toBeUndefined()
    expect(entries()).toEqual([{ key: row, stored: row, computed: undefined }])
  })

  test('holds no difference where what is removed is not stored, also if it was computed before', () => {
    book.put(computed)
    book.remove(computed)
    expect(entries()).toEqual([])
    expect(book.at('m1', 0, X)).toBeUndefined()
  })

  test('takes the last word: removed and then computed is changed, not removed', () => {
    book.add(row)
    book.remove(row)
    book.put(changed)
    expect(entries()).toEqual([{ key: changed, stored: row, computed: changed }])
  })

  test('names the symbols of a bucket, stored, computed and removed ones, and of no other bucket', () => {
    book.add(row)
    book.add({ ...row, symbol: 'removed' })
    book.add({ ...row, symbol: 'later', dateTimeUs: 60_000_000 })
    book.add({ ...row, symbol: 'coarser', timeframe: 'm5' })
    book.put({ ...computed, symbol: 'new' })
    book.remove({ ...row, symbol: 'removed' })
    const names = [...book.symbolsAt('m1', 0).values()].map(({ symbol }) => symbol)
    expect(names.toSorted()).toEqual(['X', 'new', 'removed'])
  })

  test('gives what differs by timeframe, bucket and symbol', () => {
    book.put(computed)
    book.put({ ...computed, timeframe: 'm5' })
    expect(book.differing('m1').get(0)?.get(X)?.computed).toBe(computed)
    expect(book.differing('m5').get(0)?.has(X)).toBe(true)
    expect(book.differing('h1').size).toBe(0)
  })
})
