import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDateTime, parseDateTime } from '../../lib/market/time.ts'

describe('parseDateTime', () => {
  test.each([
    ['2025-03-20T14:31:28.000', 1_742_481_088_000_000],
    ['2025-03-20T14:31:28.386', 1_742_481_088_386_000],
    ['2025-03-20T14:31:28', 1_742_481_088_000_000],
    ['2025-03-20T14:31:28.000001Z', 1_742_481_088_000_001],
    ['2025-03-20T16:31:28+02:00', 1_742_481_088_000_000],
    ['2025-03-20T16:31:28.5+0200', 1_742_481_088_500_000],
    ['2025-03-20T05:01:28-09:30', 1_742_481_088_000_000],
    ['1969-12-31T23:59:59.999999Z', -1],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
  ])('reads %s as %i µs', (text, expected) => {
    expect(parseDateTime(text)).toBe(expected)
  })

  test.each([
    '2025-02-30T00:00:00',
    '2025-02-29T00:00:00',
    '2025-13-01T00:00:00',
    '2025-00-10T00:00:00',
    '2025-01-00T00:00:00',
    '2025-01-01T24:00:00',
    '2025-01-01T00:60:00',
    '2025-01-01T00:00:60',
    '2025-01-01',
    '2025-01-01 00:00:00',
    '2025-01-01T00:00',
    '2025-01-01T00:00:00.1234567',
    '2025-01-01T00:00:00.',
    '2025-01-01T00:00:00+24:00',
    '20250101T000000Z',
    '+002025-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '1699-12-31T23:59:59.999999Z',
    '2250-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '',
    'now',
    '2025-01-01T00:00:00Z ',
  ])('refuses %j', text => {
    expect(parseDateTime(text)).toBeUndefined()
  })

  test('is the inverse of formatDateTime from 1700 to 2250', () => {
    const [fromUs, toUs] = [Date.UTC(1700, 0) * 1000, Date.UTC(2250, 0) * 1000 - 1]
    fc.assert(
      fc.property(fc.integer({ min: fromUs, max: toUs }), timeUs => {
        expect(parseDateTime(formatDateTime(timeUs))).toBe(timeUs)
      }),
    )
  })
})
