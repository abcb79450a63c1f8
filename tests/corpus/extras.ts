import { bad, type Case, good, tickText, whole } from './case.ts'

/** Unknown fields whose text in `extra` is their text in the record. */
const KEPT = {
  'an integer of 40 digits': '{"x":1234567890123456789012345678901234567890}',
  'a decimal with zeros at its end': '{"x":1.10}',
  'a number no double can hold': '{"x":1e999}',
  'negative zero': '{"x":-0}',
  'an exponent in capitals': '{"x":1E+2}',
  'nested numbers': '{"x":{"a":[0.1000,{"b":9007199254740993}]}}',
  'the same name at two levels': '{"x":{"symbol":{"x":1.0}}}',
  'a name without characters': '{"":0}',
  'a name in another case': '{"Symbol":"EURUSD"}',
  'a name with a space': '{"symbol ":"EURUSD"}',
  'quotes, pipes, newline and emoji': '{"a\\"|":"\\n😀\'"}',
  'a zero byte': '{"\\u0000":"\\u0000"}',
  'half a surrogate pair': '{"x":"\\ud800"}',
  'null, true, an empty array and an empty object': '{"x":[null,true,[],{}]}',
  __proto__: '{"__proto__":{"symbol":"OTHER"}}',
  'a nested __proto__': '{"x":{"__proto__":[1.0]}}',
  constructor: '{"constructor":{"prototype":{"symbol":"OTHER"}}}',
  toJSON: '{"toJSON":"x","toString":1.0,"valueOf":null}',
  rawJSON: '{"rawJSON":"1","x":{"rawJSON":"2"}}',
  'inherited names': '{"hasOwnProperty":1,"isPrototypeOf":2}',
}

const GOOD_TEXT = tickText({})
const behind = (fields: string) => `${GOOD_TEXT.slice(0, -1)},${fields}}`

/** Fields that no column holds, and fields that stand twice. */
export const EXTRAS: readonly Case[] = [
  ...Object.entries(KEPT).map(([name, extra]) =>
    whole(`an unknown field with ${name}`, behind(extra.slice(1, -1)), { extra }),
  ),
  whole('an unknown field in escapes', behind('"\\u0078":"\\u0041\\/"'), { extra: '{"x":"A/"}' }),
  whole('unknown fields in front', GOOD_TEXT.replace('{', '{"x":1.0,"y":2.0,'), {
    extra: '{"x":1.0,"y":2.0}',
  }),
  whole('an unknown field twice', behind('"x":1.0,"x":2.0'), { extra: '{"x":2.0}' }),
  whole('a symbol twice', behind('"symbol":"OTHER"'), { symbol: 'OTHER' }),
  whole('a number twice', behind('"number":9007199254740993'), { number: '9007199254740993' }),
  whole('a number twice, the second one bad', behind('"number":11530579268.0'), 'number'),
  whole('a bad ask, then a good one', behind('"ask":1e999,"ask":1'), { ask: 1 }),
  whole('a good ask, then a bad one', behind('"ask":1e999'), 'ask'),
  whole('an isTradable that becomes null', behind('"isTradable":null'), { is_tradable: null }),
  bad(
    'a tick of which only __proto__ has a symbol',
    { symbol: undefined, __proto: '0,"__proto__":{"symbol":"A"}' },
    'symbol',
  ),
  good('30,000 unknown fields', many(30_000), { extra: JSON.stringify(many(30_000)).replaceAll('"7"', '7') }),
]

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, '7']))
}
