import { describe, expect, test } from 'vitest'
import { decodeTick, isLate, type Tick, type TickLimits } from '../../lib/market/tick.ts'
import { LIMITS, RECORD_MS, tickText } from '../corpus/case.ts'

// What values are read as, and refused for, is a table: tests/corpus.

function decode(dateTime: string, limits: TickLimits = LIMITS, timestampMs = RECORD_MS) {
  return decodeTick(Buffer.from(tickText({ dateTime: `"${dateTime}"` })), timestampMs, limits)
}

describe('decodeTick', () => {
  test('reads a tick, field by field; times are microseconds, unknown fields JSON', () => {
    expect(decodeTick(Buffer.from(tickText({ venue: '1.10' })), RECORD_MS, LIMITS)).toEqual({
      source: 'CORPUS',
      symbol: 'CORPUS',
      ask: 627.05,
      bid: 627.04,
      mid: 627.045,
      askMarkup: 0,
      bidMarkup: 0.5,
      isTradable: true,
      number: 11530579268,
      dateTimeUs: 1_742_481_088_000_000,
      receiveDateTimeUs: 1_742_481_088_386_000,
      extra: '{"venue":1.10}',
    })
  })

  test('takes ticks from the lower bound on, whichever it is', () => {
    const from2020 = { ...LIMITS, earliestUs: Date.UTC(2020, 0) * 1000 }
    expect(decode('2019-12-31T23:59:59.999999', from2020)).toBe('date_time_too_early')
    expect(decode('2020-01-01T00:00:00', from2020)).toBeTypeOf('object')
    const fromEver = { ...LIMITS, earliestUs: Number.MIN_SAFE_INTEGER }
    expect(decode('1699-12-31T23:59:59.999999', fromEver)).toBe('date_time_too_early')
    expect(decode('1700-01-01T00:00:00', fromEver)).toMatchObject({ dateTimeUs: Date.UTC(1700, 0) * 1000 })
  })

  test('takes ticks up to an hour after their record, and none from 2250 on', () => {
    const newYearMs = Date.UTC(2250, 0)
    expect(decode('2249-12-31T23:59:59.999999', LIMITS, newYearMs)).toBeTypeOf('object')
    expect(decode('2250-01-01T00:00:00', LIMITS, newYearMs)).toBe('date_time_too_late')
    expect(decode('2025-03-20T14:31:28.5', { ...LIMITS, maxAheadMs: 0 })).toBeTypeOf('object')
    expect(decode('2025-03-20T14:31:28.500001', { ...LIMITS, maxAheadMs: 0 })).toBe('date_time_too_late')
  })

  test.each([
    ['seconds', RECORD_MS / 1_000],
    ['microseconds', RECORD_MS * 1_000],
    ['nanoseconds', RECORD_MS * 1_000_000],
    ['no time at all', -1],
    ["a clock's first day", Date.UTC(2000, 0)],
  ])('blames a record whose timestamp is %s, and not its tick', (_, timestampMs) => {
    expect(decode('2025-03-20T14:31:28', LIMITS, timestampMs)).toBe('record_timestamp')
  })

  test('takes a tick of 1999 from a record of its own hour, and blames the tick where the record may be right', () => {
    expect(decode('1999-12-31T23:59:59', LIMITS, Date.UTC(1999, 11, 31))).toBe('record_timestamp')
    expect(decode('1999-12-31T23:59:59', LIMITS, Date.UTC(2000, 0))).toBeTypeOf('object')
    expect(decode('2011-01-01T01:00:00.000001', LIMITS, Date.UTC(2011, 0))).toBe('date_time_too_late')
  })

  test.each([2 ** 53, -(2 ** 53), Number.NaN])('refuses a record of the Kafka timestamp %d', timestampMs => {
    expect(decode('2025-03-20T14:31:28', LIMITS, timestampMs)).toBe('record_timestamp')
  })
})

test('a tick is late once its minute and the grace are over', () => {
  const { dateTimeUs } = decode('2025-03-20T14:31:28') as Tick
  const minuteEndMs = Date.parse('2025-03-20T14:32:00Z')
  expect(isLate(dateTimeUs, minuteEndMs + 499, 500)).toBe(false)
  expect(isLate(dateTimeUs, minuteEndMs + 500, 500)).toBe(true)
})
