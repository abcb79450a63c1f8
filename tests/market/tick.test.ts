import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTick, isLate } from '../../lib/market/tick.ts'

const LIMITS = { earliestUs: 0, maxAheadMs: 3_600_000 }
const TIMESTAMP_MS = Date.parse('2025-03-20T14:31:28.500Z')

const SAMPLE = {
  source: 'SOURCE_1',
  symbol: 'BNBUSD',
  ask: 627.05,
  bid: 627.04,
  mid: 627.045,
  askMarkup: 0,
  bidMarkup: 0,
  isTradable: true,
  number: 11530579268,
  dateTime: '2025-03-20T14:31:28.000',
  receiveDateTime: '2025-03-20T14:31:28.386',
}

const decodeText = (text: string) => decodeTick(Buffer.from(text), TIMESTAMP_MS, LIMITS)
/** The sample with these fields' JSON texts put in, as a producer may have written them. */
const withText = (texts: Record<string, string>) => {
  const fields = Object.entries(SAMPLE).map(([name, value]) => [name, JSON.stringify(value)])
  const merged = { ...Object.fromEntries(fields), ...texts }
  return `{${Object.entries(merged)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`
}

describe('decodeTick', () => {
  test('reads the sample tick, field by field', () => {
    expect(decodeText(JSON.stringify(SAMPLE))).toEqual({
      source: 'SOURCE_1',
      symbol: 'BNBUSD',
      ask: 627.05,
      bid: 627.04,
      mid: 627.045,
      askMarkup: 0,
      bidMarkup: 0,
      isTradable: true,
      number: 11530579268,
      dateTimeUs: 1_742_481_088_000_000,
      receiveDateTimeUs: 1_742_481_088_386_000,
      extra: null,
    })
  })

  test.each([
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['0', 0],
    ['-5', -5],
    ['-0', 0],
  ])('keeps number %s exactly', (text, expected) => {
    expect(decodeText(withText({ number: text }))).toMatchObject({ number: expected })
  })

  test('keeps unknown fields as they were written, digits and all', () => {
    const tick = decodeText(withText({ venue: '"X\\u0041"', depth: '{"p":1.10,"n":12345678901234567890}' }))
    expect(tick).toMatchObject({ extra: '{"venue":"XA","depth":{"p":1.10,"n":12345678901234567890}}' })
  })

  test('keeps a field called __proto__ as a field', () => {
    expect(decodeText(`{"__proto__":{"a":1},${JSON.stringify(SAMPLE).slice(1)}`)).toMatchObject({
      extra: '{"__proto__":{"a":1}}',
    })
  })

  test.each(['askMarkup', 'bidMarkup', 'isTradable', 'receiveDateTime'])('%s may be absent or null', name => {
    const { [name as keyof typeof SAMPLE]: _, ...rest } = SAMPLE
    expect(decodeText(JSON.stringify(rest))).toBeTypeOf('object')
    expect(decodeText(withText({ [name]: 'null' }))).toBeTypeOf('object')
  })

  test.each([
    ['', 'not_json'],
    ['{"source":', 'not_json'],
    ['1', 'not_an_object'],
    ['null', 'not_an_object'],
    ['[]', 'not_an_object'],
    ['"text"', 'not_an_object'],
    ['{}', 'source'],
    ['\ufeff{}', 'not_json'],
    [withText({ source: '""' }), 'source'],
    [withText({ source: '7' }), 'source'],
    [withText({ symbol: '"\\ud800"' }), 'symbol'],
    [withText({ symbol: JSON.stringify('x'.repeat(65)) }), 'symbol'],
    [withText({ symbol: JSON.stringify('x'.repeat(10_000)) }), 'symbol'],
    [withText({ ask: '1e999' }), 'ask'],
    [withText({ bid: '"627.04"' }), 'bid'],
    [withText({ mid: 'null' }), 'mid'],
    [withText({ mid: 'NaN' }), 'not_json'],
    [withText({ askMarkup: '"0"' }), 'ask_markup'],
    [withText({ bidMarkup: '-1e999' }), 'bid_markup'],
    [withText({ isTradable: '1' }), 'is_tradable'],
    [withText({ number: '"1"' }), 'number'],
    [withText({ number: '1.5' }), 'number'],
    [withText({ number: '1.0' }), 'number'],
    [withText({ number: '1e3' }), 'number'],
    [withText({ number: '9223372036854775808' }), 'number'],
    [withText({ number: '-9223372036854775809' }), 'number'],
    [withText({ number: '{"rawJSON":"1"}' }), 'number'],
    [withText({ dateTime: '"2025-02-30T00:00:00"' }), 'date_time'],
    [withText({ dateTime: '1742481088000' }), 'date_time'],
    [withText({ dateTime: '"0001-01-01T00:00:00"' }), 'date_time'],
    [withText({ dateTime: '"1969-12-31T23:59:59.999999"' }), 'date_time_too_early'],
    [withText({ dateTime: '"2025-03-20T15:31:28.500001"' }), 'date_time_too_late'],
    [withText({ receiveDateTime: '"soon"' }), 'receive_date_time'],
    [withText({ x: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }), 'too_deep'],
  ])('refuses %.60s as %s', (text, reason) => {
    expect(decodeText(text)).toBe(reason)
  })

  test('accepts a tick exactly at the edges of the allowed time', () => {
    expect(decodeText(withText({ dateTime: '"1970-01-01T00:00:00"' }))).toMatchObject({ dateTimeUs: 0 })
    expect(decodeText(withText({ dateTime: '"2025-03-20T15:31:28.5"' }))).toBeTypeOf('object')
  })

  test('accepts a symbol of 64 characters, also when they are emoji', () => {
    expect(decodeText(withText({ symbol: JSON.stringify('😀'.repeat(64)) }))).toBeTypeOf('object')
    expect(decodeText(withText({ symbol: JSON.stringify('😀'.repeat(65)) }))).toBe('symbol')
    expect(decodeText(withText({ symbol: '"a\\u0000\'|\\n\\""' }))).toMatchObject({ symbol: 'a\0\'|\n"' })
  })

  test('refuses a null value, broken UTF-8, and a Kafka timestamp beyond the safe microseconds', () => {
    expect(decodeTick(null, TIMESTAMP_MS, LIMITS)).toBe('no_value')
    expect(decodeTick(Uint8Array.of(0x7b, 0xc3), TIMESTAMP_MS, LIMITS)).toBe('not_utf8')
    expect(decodeTick(Buffer.from(JSON.stringify(SAMPLE)), 2 ** 53, LIMITS)).toBe('kafka_timestamp')
  })

  test('never throws, whatever the bytes are', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(text => Buffer.from(text)),
      fc
        .record({ source: fc.string(), symbol: fc.string(), ask: fc.anything(), number: fc.anything() })
        .map(fields => {
          try {
            return Buffer.from(JSON.stringify({ ...SAMPLE, ...fields }))
          } catch {
            return Buffer.from('{}')
          }
        }),
    )
    fc.assert(fc.property(bytes, value => void decodeTick(value, TIMESTAMP_MS, LIMITS)))
  })
})

test('a tick is late once its minute and the grace are over', () => {
  const tick = decodeText(JSON.stringify(SAMPLE))
  if (typeof tick === 'string') throw new Error(tick)
  const minuteEndMs = Date.parse('2025-03-20T14:32:00Z')
  expect(isLate(tick, minuteEndMs + 499, 500)).toBe(false)
  expect(isLate(tick, minuteEndMs + 500, 500)).toBe(true)
})
