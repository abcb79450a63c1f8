import { type Case, good, tickText, whole } from './case.ts'

/** What a record of the topic may have at most, alone in its batch, without key and headers: `max.message.bytes` less 72. */
export const LARGEST_VALUE_BYTES = 1_048_516

const TICK = tickText({})
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const filler = 'x'.repeat(LARGEST_VALUE_BYTES - TICK.length - ',"x":""'.length)
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))))

/** Values as a whole: bytes, JSON, depth, size. */
export const DOCUMENTS: readonly Case[] = [
  whole('a tombstone', null, 'no_value'),
  whole('an empty body', '', 'not_json'),
  whole('white space', ' \n', 'not_json'),
  whole('a word', 'tick', 'not_json'),
  whole('a tick in white space', `\r\n ${JSON.stringify(JSON.parse(TICK), null, '\t')} `, {}),
  whole('a tick, cut off', TICK.slice(0, -1), 'not_json'),
  whole('two ticks', `${TICK}\n${TICK}`, 'not_json'),
  whole('a tick with a last comma', `${TICK.slice(0, -1)},}`, 'not_json'),
  whole('a tick in single quotes', TICK.replaceAll('"', "'"), 'not_json'),
  whole('a tick with a comment', `/* tick */${TICK}`, 'not_json'),
  whole('a tick behind a zero byte', bytes(0, TICK), 'not_json'),
  whole('a byte order mark', bytes(0xef, 0xbb, 0xbf, TICK), 'not_json'),
  whole('UTF-16', Buffer.from(TICK, 'utf16le'), 'not_json'),
  whole('UTF-8 that is cut off', bytes('{"source":"', 0xf0, 0x9f, 0x98), 'not_utf8'),
  whole('a byte that is no UTF-8', bytes('{"source":"', 0xff, '"}'), 'not_utf8'),
  whole('a surrogate in UTF-8', bytes('{"source":"', 0xed, 0xa0, 0x80, '"}'), 'not_utf8'),
  whole('a slash in two bytes', bytes('{"source":"', 0xc0, 0xaf, '"}'), 'not_utf8'),
  whole('a number', '627.05', 'not_an_object'),
  whole('a text', '"tick"', 'not_an_object'),
  whole('true', 'true', 'not_an_object'),
  whole('null', 'null', 'not_an_object'),
  whole('an array', `[${TICK}]`, 'not_an_object'),
  whole('an object without fields', '{}', 'source'),
  whole('1 MB of brackets', nested(500_000), 'not_an_object'),
  whole('1 MB of open brackets', '['.repeat(1_000_000), 'not_json'),
  whole('1 MB of nesting in a field', tickText({ x: nested(500_000) }), 'too_deep'),
  whole('1 MB of nesting in a source', tickText({ source: nested(500_000) }), 'too_deep'),
  whole('501 levels', tickText({ x: nested(500) }), 'too_deep'),
  good('500 levels', { x: nested(499) }, { extra: `{"x":${nested(499)}}` }),
  good(
    '600 brackets in a text',
    { x: `"${'['.repeat(600)}\\"${'['.repeat(600)}"` },
    { extra: `{"x":"${'['.repeat(600)}\\"${'['.repeat(600)}"}` },
  ),
  good('a tick of the largest size', { x: `"${filler}"` }, { extra: `{"x":"${filler}"}` }),
  whole('no tick, of the largest size', 'x'.repeat(LARGEST_VALUE_BYTES), 'not_json'),
]
