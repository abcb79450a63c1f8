import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlainJson } from '../../lib/market/plainJson.ts'
import { readPlainTick } from '../../lib/market/plainTick.ts'
import { fakeInstruments, fakeTick } from '../../lib/produce/fakeTicks.ts'
import { tickText } from '../corpus/case.ts'

// That a tick is read alike, plainly or not, is tested by the corpus and its mutations: tests/corpus.

const read = (text: string) => readPlainTick(Buffer.from(text))

test('the ticks of the sandbox are read plainly', () => {
  const ticks = fakeInstruments(1, 20).map(instrument => fakeTick(instrument, 1_742_481_088_000_000))
  const plain = ticks.map(tick => read(JSON.stringify(tick)))
  expect(plain).toEqual(ticks.map(({ dateTime, receiveDateTime, ...tick }) => expect.objectContaining(tick)))
})

test('so is a tick with its fields in another order, spaces, times with a zone, and no optional field', () => {
  const tick = '{ "number": 7, "dateTime": "2025-03-20T16:31:28.5+02:00", "mid": -1.5, "bid": -2, "ask": 0, '
  expect(read(`${tick}"symbol": "A|B", "source": "S" }`)).toEqual({
    source: 'S',
    symbol: 'A|B',
    ask: 0,
    bid: -2,
    mid: -1.5,
    askMarkup: null,
    bidMarkup: null,
    isTradable: null,
    number: 7,
    dateTimeUs: 1_742_481_088_500_000,
    receiveDateTimeUs: null,
    extra: null,
  })
})

test.each([
  ['an escape', tickText({ symbol: '"A\\u0042"' })],
  ['text that is not ASCII', tickText({ symbol: '"Ä"' })],
  ['a text longer than a name', tickText({ symbol: JSON.stringify('x'.repeat(65)) })],
  ['an exponent', tickText({ ask: '1e3' })],
  ['more digits than a double holds', tickText({ ask: '0.12345678901234567' })],
  ['a field of no column', tickText({ venue: '1' })],
  ['a nested value', tickText({ ask: '[1]' })],
  ['something behind it', `${tickText({})} x`],
  ['no end', tickText({}).slice(0, -1)],
  ['half a text', tickText({}).slice(0, 15)],
  ['another line', tickText({}).replace(',', ',\n')],
])('a tick with %s is left to JSON.parse', (_, text) => {
  expect(read(text)).toBeUndefined()
})

test('a number is the one that JSON.parse reads, whatever its digits', () => {
  const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${maxLength}}$`))
  const number = fc.tuple(fc.constantFrom('', '-'), digits(18), fc.option(digits(24)))
  const text = fc.oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
    number.map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`),
  )
  let plain = 0
  fc.assert(
    fc.property(text, text => {
      const json = new PlainJson(Buffer.from(text))
      const number = json.readNumber()
      if (!json.isAtEnd) return
      plain++
      expect(number).toBe(JSON.parse(text))
    }),
    { numRuns: 3000 },
  )
  expect(plain).toBeGreaterThan(300)
})

test('texts of one place in the table of known texts do not take each other’s', () => {
  const letters = fc.stringMatching(/^[A-D]{1,6}$/)
  fc.assert(
    fc.property(letters, text => {
      expect(new PlainJson(Buffer.from(JSON.stringify(text))).readText()).toBe(text)
    }),
    { numRuns: 5000 },
  )
})
