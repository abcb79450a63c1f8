import { isUtf8 } from 'node:buffer'
import type { BadTickReason } from '../../lib/market/tick.ts'
import { LIMITS, type Printed, RECORD_MS, type Row } from './case.ts'
import { type Node, parseSlowly, writeSlowly } from './slowJson.ts'

const MAX_DEPTH = 500
const KNOWN = new Set(
  'source symbol ask bid mid askMarkup bidMarkup isTradable number dateTime receiveDateTime'.split(' '),
)

/** What a record must become, read with other means than the product's, one plain rule after the other. */
export function readSlowly(value: Uint8Array | null): Row | BadTickReason {
  if (value === null) return 'no_value'
  if (!isUtf8(value)) return 'not_utf8'
  const parsed = parseSlowly(Buffer.from(value).toString())
  if (parsed === undefined) return 'not_json'
  const document = parsed.value
  if (!(document instanceof Map)) return 'not_an_object'
  if (parsed.depth > MAX_DEPTH) return 'too_deep'

  const field = (name: string): Node => document.get(name) ?? null
  const [source, symbol, flag] = [field('source'), field('symbol'), field('isTradable')]
  if (!isName(source)) return 'source'
  if (!isName(symbol)) return 'symbol'
  const [ask, bid, mid] = [double(field('ask')), double(field('bid')), double(field('mid'))]
  if (ask === undefined) return 'ask'
  if (bid === undefined) return 'bid'
  if (mid === undefined) return 'mid'
  const ask_markup = optional(field('askMarkup'), double)
  const bid_markup = optional(field('bidMarkup'), double)
  if (ask_markup === undefined) return 'ask_markup'
  if (bid_markup === undefined) return 'bid_markup'
  if (flag !== null && typeof flag !== 'boolean') return 'is_tradable'
  const number = int64(field('number'))
  if (number === undefined) return 'number'
  const timeUs = moment(field('dateTime'))
  if (timeUs === undefined) return 'date_time'
  if (timeUs < BigInt(LIMITS.earliestUs)) return 'date_time_too_early'
  if (timeUs > BigInt(RECORD_MS + LIMITS.maxAheadMs) * 1000n) return 'date_time_too_late'
  const receive_date_time = optional(field('receiveDateTime'), received)
  if (receive_date_time === undefined) return 'receive_date_time'

  const unknown = new Map([...document].filter(([name]) => !KNOWN.has(name)))
  const extra = unknown.size === 0 ? null : writeSlowly(unknown)
  const known = { source, symbol, ask, bid, mid, ask_markup, bid_markup, is_tradable: flag, number }
  return { ...known, date_time: printTime(timeUs), receive_date_time, extra }
}

/** Undefined for a value of another type, null for none. */
function optional(node: Node, read: (node: Node) => Printed | undefined): Printed | undefined {
  return node === null ? null : read(node)
}

function isName(node: Node): node is string {
  return typeof node === 'string' && node !== '' && node.isWellFormed() && Array.from(node).length <= 64
}

function double(node: Node): number | undefined {
  const number = isNumber(node) ? Number(node.digits) : Number.NaN
  return Number.isFinite(number) ? number : undefined
}

function int64(node: Node): string | undefined {
  if (!isNumber(node) || !/^-?\d+$/.test(node.digits)) return undefined
  const exact = BigInt(node.digits)
  return exact === BigInt.asIntN(64, exact) ? String(exact) : undefined
}

function isNumber(node: Node): node is { digits: string } {
  return typeof node === 'object' && node !== null && 'digits' in node
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/

/** Microseconds since 1970. */
function moment(node: Node): bigint | undefined {
  const [, civil = '', fraction = '', sign, hours = '0', minutes = '0'] =
    (typeof node === 'string' && TIME.exec(node)) || []
  const date = new Date(`${civil}Z`)
  // A day or an hour that does not exist is another one to Date, or none.
  if (civil === '' || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(civil)) return undefined
  const zoneUs = BigInt(Number(hours) * 60 + Number(minutes)) * 60_000_000n * (sign === '-' ? -1n : 1n)
  return BigInt(date.getTime()) * 1000n + BigInt(fraction.padEnd(6, '0')) - zoneUs
}

function received(node: Node): string | undefined {
  const timeUs = moment(node)
  const text = timeUs === undefined ? '' : printTime(timeUs)
  return text >= '1700' && text < '2250' ? text : undefined
}

function printTime(timeUs: bigint): string {
  const micros = ((timeUs % 1_000_000n) + 1_000_000n) % 1_000_000n
  const whole = new Date(Number((timeUs - micros) / 1000n)).toISOString()
  return whole.replace('.000Z', `.${String(micros).padStart(6, '0')}Z`)
}
