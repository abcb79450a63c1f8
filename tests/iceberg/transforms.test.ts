import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import { murmur3 } from '../../lib/iceberg/murmur3.ts'
import { partitionOf, partitionsOf, partitionText, valuesOf } from '../../lib/iceberg/transforms.ts'

const us = (iso: string) => Date.parse(iso) * 1000

describe('partition transforms', () => {
  it.each([
    ['day', '1970-01-01T00:00:00Z', 0, '1970-01-01'],
    ['day', '1969-12-31T23:59:59Z', -1, '1969-12-31'],
    ['day', '2024-02-29T23:59:59Z', 19782, '2024-02-29'],
    ['month', '1970-01-31T00:00:00Z', 0, '1970-01'],
    ['month', '1969-12-31T00:00:00Z', -1, '1969-12'],
    ['month', '2025-03-20T14:31:28Z', 662, '2025-03'],
    ['hour', '1970-01-01T01:59:59Z', 1, '1970-01-01-01'],
    ['hour', '1969-12-31T23:00:00Z', -1, '1969-12-31-23'],
    ['hour', '2017-11-16T22:31:08Z', 419686, '2017-11-16-22'],
    ['year', '2017-11-16T22:31:08Z', 47, '2017'],
    ['year', '1969-12-31T23:59:59Z', -1, '1969'],
  ] as const)('puts %s(%s) into %i, shown as %s', (transform, iso, partition, shown) => {
    expect(partitionOf(transform, us(iso))).toBe(partition)
    expect(partitionText(transform, partition)).toBe(shown)
  })

  it('keeps null and identities as they are', () => {
    expect(partitionOf('day', null)).toBeNull()
    expect(partitionOf('identity', 'm1')).toBe('m1')
  })

  // https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements
  it.each([
    ['int 34', encodeBound('long', 34), 2017239379],
    ['long 34', encodeBound('long', 34n), 2017239379],
    ['date 2017-11-16', encodeBound('long', 17486), -653330422],
    [
      'timestamptz 2017-11-16T14:31:08-08:00',
      encodeBound('timestamptz', us('2017-11-16T14:31:08-08:00')),
      -2047944441,
    ],
    [
      'timestamptz 2017-11-16T14:31:08.000001-08:00',
      encodeBound('timestamptz', us('2017-11-16T14:31:08-08:00') + 1),
      -1207196810,
    ],
    ['string iceberg', encodeBound('string', 'iceberg'), 1210000089],
    [
      'uuid f79c3e09-677c-4bbd-a479-3f349cb785e7',
      Buffer.from('f79c3e09677c4bbda4793f349cb785e7', 'hex'),
      1488055340,
    ],
    ['bytes 00 01 02 03', Uint8Array.of(0, 1, 2, 3), -188683207],
  ])('hashes %s as the specification has it', (_, bytes, hash) => {
    expect(murmur3(bytes)).toBe(hash)
  })

  // https://iceberg.apache.org/spec/#truncate-transform-details
  it.each([
    ['bucket[16]', 'iceberg', (1210000089 & 0x7fffffff) % 16],
    ['bucket[100]', 34, 2017239379 % 100],
    ['bucket[100]', 34n, 2017239379 % 100],
    ['truncate[10]', 1, 0],
    ['truncate[10]', -1, -10],
    ['truncate[10]', -1n, -10n],
    ['truncate[3]', 'iceberg', 'ice'],
    ['truncate[2]', '🚀é', '🚀é'],
    ['void', 'iceberg', null],
  ] as const)('puts a value by %s', (transform, value, partition) => {
    expect(partitionOf(transform, value)).toBe(partition)
  })

  const time = fc.integer({ min: us('1700-01-01T00:00:00Z'), max: us('2250-01-01T00:00:00Z') })
  it.each(['hour', 'day', 'month', 'year'] as const)(
    'knows the first and the last moment of a %s',
    transform => {
      fc.assert(
        fc.property(time, timeUs => {
          const partition = partitionOf(transform, timeUs)
          const { from, to } = valuesOf(transform, partition)!
          expect(Number(from)).toBeLessThanOrEqual(timeUs)
          expect(Number(to)).toBeGreaterThanOrEqual(timeUs)
          expect([partitionOf(transform, from), partitionOf(transform, to)]).toEqual([partition, partition])
          expect(partitionOf(transform, Number(to) + 1)).toBe(Number(partition) + 1)
        }),
      )
    },
  )

  it.each([
    ['day', { from: 0, to: 86_400_000_000 }, { from: 0, to: 1 }],
    ['identity', { to: 'm5' }, { to: 'm5' }],
    ['truncate[1]', { from: 'ab', to: 'bc' }, { from: 'a', to: 'b' }],
    ['bucket[100]', { from: 34, to: 34 }, { from: 79, to: 79 }],
    ['bucket[100]', { from: 34, to: 35 }, undefined],
    ['void', { from: 34, to: 34 }, undefined],
  ] as const)('finds rows by %s in the partitions that they may be in', (transform, values, partitions) => {
    expect(partitionsOf(transform, values)).toEqual(partitions)
  })

  it('rises with time, to the microsecond', () => {
    fc.assert(
      fc.property(time, time, fc.constantFrom('hour', 'day', 'month', 'year'), (a, b, transform) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)].map(t => Number(partitionOf(transform, t)))
        expect(first).toBeLessThanOrEqual(last!)
      }),
    )
    expect(partitionOf('day', us('2025-03-20T00:00:00Z') - 1)).toBe(20166)
    expect(partitionOf('day', us('2025-03-20T00:00:00Z'))).toBe(20167)
  })
})
