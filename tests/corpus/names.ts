import { bad, type Case, good } from './case.ts'

/** Names that a hostile or careless producer may send; each is kept as it is. */
const HOSTILE = {
  'quotes and a backslash': `O'NEIL"\\`,
  pipes: 'EUR|USD||',
  'a newline and tabs': 'EUR\r\n\tUSD',
  'zero bytes': '\0EUR\0USD\0',
  'other control characters': '\x01\x1b[31m\x7f\x85',
  emoji: '😀👩‍👩‍👧',
  'text from right to left': 'שלום\u202e',
  'white space only': ' ',
  'white space around': ' EURUSD ',
  SQL: `'; DROP TABLE ticks; --`,
  'a path': '../../etc/passwd',
  'percents and slashes': '%2e%2e/%00//?#',
  'the word null': 'null',
  __proto__: '__proto__',
  'combining marks, not composed': 'e\u0301',
  'a byte order mark': '\ufeffEUR',
  'the last code point': '\u{10ffff}\uffff',
  'line separators': '\u2028\u2029',
  '64 characters': 'x'.repeat(64),
  '64 emoji': '😀'.repeat(64),
}

const REFUSED = {
  'nothing in it': '""',
  '65 characters': `"${'x'.repeat(65)}"`,
  '65 emoji': `"${'😀'.repeat(65)}"`,
  '10 kB': `"${'x'.repeat(10_000)}"`,
  'a high surrogate alone': '"a\\ud800"',
  'a low surrogate alone': '"\\udc00a"',
  'a pair of surrogates in the wrong order': '"\\udc00\\ud800"',
  'the type number': '7',
  'the type boolean': 'true',
  'the type array': '["EURUSD"]',
  'the type object': '{"name":"EURUSD"}',
  'the value null': 'null',
}

/** Sources and symbols. */
export const NAMES: readonly Case[] = (['source', 'symbol'] as const).flatMap(field => [
  ...Object.entries(HOSTILE).map(([name, text]) =>
    good(`${field} with ${name}`, { [field]: JSON.stringify(text) }, { [field]: text }),
  ),
  good(`${field} in escapes`, { [field]: '"\\u0045\\u0055\\u0052\\/\\ud83d\\ude00"' }, { [field]: 'EUR/😀' }),
  ...Object.entries(REFUSED).map(([name, text]) => bad(`${field} with ${name}`, { [field]: text }, field)),
  bad(`no ${field}`, { [field]: undefined }, field),
  bad(`${field} with a raw newline`, { [field]: '"a\nb"' }, 'not_json'),
  bad(`${field} with a raw zero byte`, { [field]: '"a\0b"' }, 'not_json'),
  bad(`${field} with half an escape`, { [field]: '"\\u12"' }, 'not_json'),
])
