import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batch, recordsOf } from '../support/records.ts'

const offsets = (records: ReturnType<typeof recordsOf>) => records.map(({ offset }) => offset)

describe('Records', () => {
  it('behave as an array of the same records: at, slice, filter, length', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(lengths, fc.nat(20), fc.nat(20), fc.func(fc.boolean()), (sizes, a, b, keep) => {
        let next = 0
        const batches = sizes.map(size => {
          next += size
          return batch(next - size, next)
        })
        const records = recordsOf(...batches)
        const array = Array.from({ length: next }, (_, i) => i)
        expect(records.length).toBe(next)
        expect(offsets(records)).toEqual(array)
        expect(records.at(a)?.offset).toBe(array.at(a))
        expect(records.at(-a)?.offset).toBe(array.at(-a))
        expect(offsets(records.slice(a, b))).toEqual(array.slice(a, b))
        expect(offsets(records.filter(({ offset }) => keep(offset)))).toEqual(
          array.filter(offset => keep(offset)),
        )
      }),
    )
  })

  it('find a record by its offset, and none in the gap between 2 batches', () => {
    const records = recordsOf(batch(0, 3), batch(10, 12))
    expect([0, 2, 3, 9, 10, 11, 12].map(offset => records.indexOfOffset(offset))).toEqual([
      0, 2, -1, -1, 3, 4, -1,
    ])
  })
})

describe('RecordBatch', () => {
  it('keeps 2 of 100 records in memory of their own', () => {
    const whole = batch(0, 100)
    const two = whole.filter(({ offset }) => offset === 7 || offset === 70)
    expect([two.at(0), two.at(1)].map(({ offset, value }) => [offset, value!.toString()])).toEqual([
      [7, 'value 7'],
      [70, 'value 70'],
    ])
    expect(two.bytes.length).toBeLessThan(40)
    expect(whole.filter(() => true)).toBe(whole)
  })
})
