import type { BadTickReason } from '../../lib/market/tick.ts'
import { bad, type Case, good, type Row } from './case.ts'

/** Fields that are doubles, with their columns, which are the reasons' codes too. */
const DOUBLES = [
  ['ask', 'ask'],
  ['bid', 'bid'],
  ['mid', 'mid'],
  ['askMarkup', 'ask_markup'],
  ['bidMarkup', 'bid_markup'],
] as const satisfies (readonly [string, keyof Row & BadTickReason])[]

/** JSON texts that are no finite numbers. */
const NO_DOUBLES = ['1e999', '-1e999', '"627.05"', 'true', '[]', '{}']
/** Texts that are no JSON. */
const NO_JSON = ['NaN', 'Infinity', '-Infinity', '+1', '.5', '1.', '01', '0x10', '1_000', '']

const DOUBLE_VALUES: readonly (readonly [text: string, value: number])[] = [
  ['0', 0],
  ['-0', -0],
  ['-0.0', -0],
  ['0.1', 0.1],
  ['0.10000000000000000555', 0.1],
  ['1e-400', 0],
  ['5e-324', 5e-324],
  ['-2.2250738585072014e-308', -2.2250738585072014e-308],
  ['1.7976931348623157e308', 1.7976931348623157e308],
  ['9007199254740993', 9007199254740992],
  ['123456789.012345', 123456789.012345],
  ['1E2', 100],
]

const INTEGERS = [
  '0',
  '1',
  '-1',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740993',
  '999999999999999999',
  '9223372036854775807',
  '-9223372036854775808',
]

const NO_INTEGERS = [
  '"11530579268"',
  '1.5',
  '1.0',
  '-0.0',
  '1e3',
  '1e999',
  '4503599627370496.2',
  '9223372036854775808',
  '-9223372036854775809',
  '99999999999999999999',
  'null',
  'true',
  '[1]',
  '{"rawJSON":"1"}',
]

/** Numbers of every field. */
export const NUMBERS: readonly Case[] = [
  ...DOUBLES.flatMap(([field, column]) => [
    ...NO_DOUBLES.map(text => bad(`${field} of ${text}`, { [field]: text }, column)),
    ...NO_JSON.map(text => bad(`${field} of ${text || 'nothing'}`, { [field]: text }, 'not_json')),
    ...DOUBLE_VALUES.map(([text, value]) =>
      good(`${field} of ${text}`, { [field]: text }, { [column]: value }),
    ),
  ]),
  ...['ask', 'bid', 'mid'].flatMap(field => [
    bad(`null as ${field}`, { [field]: 'null' }, field as BadTickReason),
    bad(`no ${field}`, { [field]: undefined }, field as BadTickReason),
  ]),
  good('markups of null', { askMarkup: 'null', bidMarkup: 'null' }, { ask_markup: null, bid_markup: null }),
  good('no markups', { askMarkup: undefined, bidMarkup: undefined }, { ask_markup: null, bid_markup: null }),
  ...INTEGERS.map(text => good(`number ${text}`, { number: text }, { number: text })),
  good('number -0', { number: '-0' }, { number: '0' }),
  good('number in white space', { number: '\n 7 ' }, { number: '7' }),
  ...NO_INTEGERS.map(text => bad(`number ${text}`, { number: text }, 'number')),
  ...NO_JSON.map(text => bad(`number of ${text || 'nothing'}`, { number: text }, 'not_json')),
  bad('no number', { number: undefined }, 'number'),
  bad('number 7.0 beside a nested 7', { x: '{"number":7}', number: '7.0' }, 'number'),
  bad(
    'an escaped number 7.0 beside a nested 7',
    { number: undefined, x: '{"number":7},"\\u006eumber":7.0' },
    'number',
  ),
  good(
    'an escaped number beside a nested one',
    { number: undefined, x: '{"number":8},"\\u006eumber":9007199254740993' },
    { number: '9007199254740993', extra: '{"x":{"number":8}}' },
  ),
  good('the word number in another field', { x: '"number"' }, { extra: '{"x":"number"}' }),
  ...['true', 'false'].map(text =>
    good(`isTradable ${text}`, { isTradable: text }, { is_tradable: text === 'true' }),
  ),
  good('isTradable null', { isTradable: 'null' }, { is_tradable: null }),
  good('no isTradable', { isTradable: undefined }, { is_tradable: null }),
  ...['1', '0', '"true"', '[]', '{}'].map(text =>
    bad(`isTradable ${text}`, { isTradable: text }, 'is_tradable'),
  ),
  ...['True', 'TRUE', 'undefined'].map(text => bad(`isTradable ${text}`, { isTradable: text }, 'not_json')),
]
