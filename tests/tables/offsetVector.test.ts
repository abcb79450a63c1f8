import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  advance,
  covers,
  distance,
  EMPTY_VECTOR,
  nextOffset,
  type OffsetVector,
  readFrom,
  STORED_VECTOR,
  spansBetween,
  storeVector,
  topicIdOf,
  towards,
} from '../../lib/tables/offsetVector.ts'

const position = (partition: number, next: number, epoch = 0) => ({ epoch, partition, next, timestampMs: 7 })
const vectors: fc.Arbitrary<OffsetVector> = fc
  .uniqueArray(fc.tuple(fc.nat(2), fc.nat(5), fc.nat(1e12)), { selector: ([e, p]) => `${e}/${p}` })
  .map(rows =>
    advance(
      { epoch: 2, positions: [] },
      rows.map(([e, p, next]) => position(p, next, e)),
    ),
  )

describe('offset vector', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(vectors, fc.option(fc.uuid()), (bare, topicId) => {
        const vector = readFrom(bare, topicId ?? undefined)
        expect(STORED_VECTOR.parse(JSON.parse(JSON.stringify(storeVector(vector))))).toEqual(vector)
        expect(topicIdOf(vector)).toBe(topicId ?? undefined)
      }),
    )
  })

  test.each([-(10 ** 17), -(2 ** 63), 2 ** 63])('keeps the record’s timestamp %d', timestampMs => {
    const vector = advance(EMPTY_VECTOR, [{ ...position(0, 1), timestampMs }])
    expect(STORED_VECTOR.parse(JSON.parse(JSON.stringify(storeVector(vector))))).toEqual(vector)
  })

  test.each([{}, { epoch: 0 }, { epoch: 0, positions: [[0, 0, -1, 0]] }, null])('refuses %j', stored => {
    expect(STORED_VECTOR.safeParse(stored).success).toBe(false)
  })

  test('a partition that was never read is at 0, also in a new epoch', () => {
    const vector = advance(EMPTY_VECTOR, [position(3, 40)])
    expect(nextOffset(vector, 3)).toBe(40)
    expect(nextOffset(vector, 2)).toBe(0)
    expect(nextOffset({ ...vector, epoch: 1 }, 3)).toBe(0)
  })

  test('advancing replaces only the positions named', () => {
    const vector = advance(EMPTY_VECTOR, [position(0, 10), position(1, 20)])
    expect(advance(vector, [position(1, 25)]).positions).toEqual([position(0, 10), position(1, 25)])
  })

  test('keeps the topic ids of all epochs, and advances with them', () => {
    const first = readFrom(EMPTY_VECTOR, 'a')
    const second = readFrom({ ...first, epoch: 1 }, 'b')
    expect(advance(second, [position(0, 1, 1)]).topicIds).toEqual({ 0: 'a', 1: 'b' })
    expect(topicIdOf({ ...second, epoch: 2 })).toBeUndefined()
  })

  test('covers what lies below it, and not what is ahead in one partition', () => {
    const vector = advance(EMPTY_VECTOR, [position(0, 10), position(1, 20)])
    expect(covers(vector, advance(EMPTY_VECTOR, [position(0, 10)]))).toBe(true)
    expect(covers(vector, advance(EMPTY_VECTOR, [position(0, 11)]))).toBe(false)
    expect(covers(vector, advance(EMPTY_VECTOR, [position(2, 1)]))).toBe(false)
  })

  test('a step towards another vector makes progress, stays within it, and is bounded', () => {
    fc.assert(
      fc.property(vectors, fc.integer({ min: 1, max: 1_000 }), (to, most) => {
        const step = towards({ epoch: 2, positions: [] }, to, most)
        const start = { epoch: 2, positions: [] }
        expect(covers(to, step)).toBe(true)
        expect(distance(start, step)).toBeLessThanOrEqual(most + to.positions.length)
        if (distance(start, to) > 0) expect(distance(start, step)).toBeGreaterThan(0)
      }),
    )
  })

  test('names the offsets between two of them, both ends included, where the later one is ahead', () => {
    const from = advance(EMPTY_VECTOR, [position(0, 5), position(1, 9)])
    const to = advance(EMPTY_VECTOR, [position(0, 8), position(1, 9), position(2, 1)])
    expect(spansBetween(from, to)).toEqual([
      { partition: 0, from: 5, to: 7 },
      { partition: 2, from: 0, to: 0 },
    ])
    expect(spansBetween(to, from)).toEqual([])
  })
})
