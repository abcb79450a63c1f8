import fc from 'fast-check'
import { GOOD_FIELDS } from './case.ts'

type Field = readonly [name: string, text: string]

const JSON_TEXT = fc.json({ maxDepth: 3 })

const INTEGER_TEXT = fc.oneof(
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  ...[53n, 63n].map(bits => fc.bigInt({ min: 2n ** bits - 3n, max: 2n ** bits + 3n }).map(String)),
  fc.bigInt({ min: -(2n ** 63n) - 3n, max: -(2n ** 63n) + 3n }).map(String),
)

const DIGITS = fc.stringMatching(/^[0-9]{1,4}$/)
/** Most of these are JSON numbers. */
const NUMBER_TEXT = fc.oneof(
  INTEGER_TEXT,
  fc.double().map(String),
  fc
    .tuple(
      fc.constantFrom('', '', '-', '+'),
      DIGITS,
      fc.option(DIGITS, { nil: '' }),
      fc.option(fc.integer({ min: -400, max: 400 }), { nil: '' }),
    )
    .map(([sign, whole, fraction, exponent]) => {
      return `${sign}${whole}${fraction && `.${fraction}`}${exponent === '' ? '' : `e${exponent}`}`
    }),
)

const TEXT = fc
  .oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 70 }))
  .map(t => JSON.stringify(t))

const two = (max: number) => fc.integer({ min: 0, max }).map(n => String(n).padStart(2, '0'))
const year = (arbitrary: fc.Arbitrary<number>) => arbitrary.map(n => String(n).padStart(4, '0'))
const YEAR = year(fc.integer({ min: 1969, max: 2025 }))
const EDGE_TEXT = year(fc.constantFrom(0, 1, 1699, 1700, 1969, 1970, 2025, 2026, 2249, 2250, 9999)).map(
  edge => `"${edge}-01-01T00:00:00"`,
)
const ZONE = fc.oneof(
  fc.constantFrom('', 'Z', 'z', '+05:30', '-00:00'),
  fc
    .tuple(fc.constantFrom('+', '-'), two(25), fc.constantFrom(':', ''), two(61))
    .map(parts => parts.join('')),
)
const FRACTION = fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,9}$/))
/** Days, hours and seconds that exist and that do not. */
const TIME_TEXT = fc
  .tuple(YEAR, two(13), two(32), two(24), two(60), two(60), FRACTION, ZONE)
  .map(([year, month, day, hour, minute, second, fraction, zone]) => {
    return `"${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}"`
  })

const ANY_TEXT = fc.oneof(
  JSON_TEXT,
  NUMBER_TEXT,
  TEXT,
  TIME_TEXT,
  fc.constantFrom('NaN', '1e999', 'null', ''),
)

/** What one is likely to find in a field, by its good text. */
function replacement(good: string): fc.Arbitrary<string> {
  if (good.includes(':')) return fc.oneof(TIME_TEXT, EDGE_TEXT)
  if (good.startsWith('"')) return TEXT
  return good === 'true' ? fc.constantFrom('true', 'false', 'null', '1') : NUMBER_TEXT
}

const escaped = (name: string) => `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`

type Change = (fields: readonly Field[]) => readonly Field[]

const DATE_TIME = GOOD_FIELDS.findIndex(([name]) => name === 'dateTime')
const AT = fc.nat({ max: GOOD_FIELDS.length - 1 })
const CHANGE: fc.Arbitrary<Change> = fc.oneof(
  AT.chain(at => replacement(GOOD_FIELDS[at]![1]).map(text => setting(at, text))),
  EDGE_TEXT.map(text => setting(DATE_TIME, text)),
  fc.tuple(AT, ANY_TEXT).map(([at, text]) => setting(at, text)),
  AT.map(
    (at): Change =>
      fields =>
        fields.toSpliced(at, 1),
  ),
  AT.map(
    (at): Change =>
      fields =>
        fields.map(([name, text], i) => [i === at ? escaped(name) : name, text]),
  ),
  fc.tuple(AT, JSON_TEXT).map(
    ([at, text]): Change =>
      fields => [...fields, [GOOD_FIELDS[at]![0], text]],
  ),
  fc.tuple(TEXT, JSON_TEXT).map(
    ([name, text]): Change =>
      fields => [[name.slice(1, -1), text], ...fields],
  ),
  NUMBER_TEXT.map(
    (text): Change =>
      fields => [['x', `{"number":${text}}`], ...fields],
  ),
  fc.integer({ min: 497, max: 502 }).map(
    (depth): Change =>
      fields => {
        return [...fields, ['x', `${'['.repeat(depth)}${']'.repeat(depth)}`]]
      },
  ),
  fc.constant((fields: readonly Field[]) => fields.toReversed()),
)

function setting(at: number, text: string): Change {
  return fields => fields.map((field, i) => (i === at ? [field[0], text] : field))
}

const SPACE = fc.constantFrom('', '', ' ', '\n\t ')
const TICK = fc.tuple(fc.array(CHANGE, { maxLength: 3 }), SPACE).map(([changes, space]) => {
  const fields = changes.reduce((before, change) => change(before), GOOD_FIELDS)
  const texts = fields.map(([name, text]) => `${space}"${name}"${space}:${space}${text}`)
  return Buffer.from(`{${texts.join(',')}}`)
})

const BYTE = fc.integer({ min: 0, max: 255 })
/** The same with a byte changed, taken out or put in, or cut off. */
const DAMAGED = fc
  .tuple(TICK, fc.nat(), BYTE, fc.constantFrom('change', 'remove', 'insert', 'cut'))
  .map(([bytes, anywhere, byte, how]) => {
    const at = anywhere % bytes.length
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    if (how === 'cut') return before
    if (how === 'remove') return Buffer.concat([before, after.subarray(1)])
    return Buffer.concat([before, Buffer.of(byte), how === 'insert' ? after : after.subarray(1)])
  })

/** Records that are good ticks, nearly good ones, or nothing of the kind. */
export const RECORDS: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: TICK, weight: 8 },
  { arbitrary: DAMAGED, weight: 2 },
  { arbitrary: JSON_TEXT.map(text => Buffer.from(text)), weight: 1 },
  { arbitrary: fc.uint8Array({ maxLength: 60 }), weight: 1 },
)
