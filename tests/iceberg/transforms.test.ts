import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionOf, partitionText } from '../../lib/iceberg/transforms.ts'

const us = (iso: string) => Date.parse(iso) * 1000

describe('partition transforms', () => {
  it.each([
    ['day', '1970-01-01T00:00:00Z', 0, '1970-01-01'],
    ['day', '1969-12-31T23:59:59Z', -1, '1969-12-31'],
    ['day', '2024-02-29T23:59:59Z', 19782, '2024-02-29'],
    ['month', '1970-01-31T00:00:00Z', 0, '1970-01'],
    ['month', '1969-12-31T00:00:00Z', -1, '1969-12'],
    ['month', '2025-03-20T14:31:28Z', 662, '2025-03'],
  ] as const)('puts %s(%s) into %i, shown as %s', (transform, iso, partition, shown) => {
    expect(partitionOf(transform, us(iso))).toBe(partition)
    expect(partitionText(transform, partition)).toBe(shown)
  })

  it('keeps null and identities as they are', () => {
    expect(partitionOf('day', null)).toBeNull()
    expect(partitionOf('identity', 'm1')).toBe('m1')
  })

  it('rises with time, to the microsecond', () => {
    const time = fc.integer({ min: us('0001-01-01T00:00:00Z'), max: us('2250-01-01T00:00:00Z') })
    fc.assert(
      fc.property(time, time, fc.constantFrom('day', 'month'), (a, b, transform) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)].map(t => Number(partitionOf(transform, t)))
        expect(first).toBeLessThanOrEqual(last!)
      }),
    )
    expect(partitionOf('day', us('2025-03-20T00:00:00Z') - 1)).toBe(20166)
    expect(partitionOf('day', us('2025-03-20T00:00:00Z'))).toBe(20167)
  })
})
