import { isDeeperThan } from './depth.ts'
import { readPlainTick } from './plainTick.ts'
import {
  floorTo,
  isWithinYears,
  MINUTE_US,
  type Micros,
  NEWEST_US,
  OLDEST_US,
  parseDateTime,
  parseIsoDateTime,
} from './time.ts'

/** One good tick. Prices as sent; times in microseconds since 1970, UTC. */
export interface Tick {
  readonly source: string
  readonly symbol: string
  readonly ask: number
  readonly bid: number
  readonly mid: number
  readonly askMarkup: number | null
  readonly bidMarkup: number | null
  readonly isTradable: boolean | null
  /** A 64-bit integer: a bigint where a number would not be exact. */
  readonly number: number | bigint
  readonly dateTimeUs: Micros
  readonly receiveDateTimeUs: Micros | null
  /** The fields that no column holds, as JSON text, or null. */
  readonly extra: string | null
}

/** Why a record is not a tick. The codes are stable: they head dead letters and label metrics. */
export const BAD_TICK_REASONS = [
  'no_value',
  'not_utf8',
  'not_json',
  'not_an_object',
  'too_deep',
  'source',
  'symbol',
  'ask',
  'bid',
  'mid',
  'ask_markup',
  'bid_markup',
  'is_tradable',
  'number',
  'date_time',
  'date_time_too_early',
  'date_time_too_late',
  'receive_date_time',
  'record_timestamp',
] as const

export type BadTickReason = (typeof BAD_TICK_REASONS)[number]

export interface TickLimits {
  /** Ticks before this moment are bad. */
  readonly earliestUs: Micros
  /** How far a tick's `dateTime` may lie ahead of its Kafka record's timestamp. */
  readonly maxAheadMs: number
}

/** Kafka did not exist before. A record with an earlier timestamp and a later tick has it in seconds, or has none. */
const FIRST_RECORD_MS = Date.UTC(2011, 0)

const NAME_MAX_CHARACTERS = 64
/** Far below where reading a document with its source texts would overflow the stack. */
const MAX_DEPTH = 500
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const FIELDS = [
  'source',
  'symbol',
  'ask',
  'bid',
  'mid',
  'askMarkup',
  'bidMarkup',
  'isTradable',
  'number',
  'dateTime',
  'receiveDateTime',
] as const

/** A field that has a column. */
export type TickField = (typeof FIELDS)[number]

const KNOWN_FIELDS: ReadonlySet<string> = new Set(FIELDS)

/** Thrown and caught inside this file only: the first rule that a record breaks. */
class BadTick {
  readonly reason: BadTickReason
  constructor(reason: BadTickReason) {
    this.reason = reason
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes a Kafka record's value into a tick, or names the first rule it breaks.
 * `timestampMs` is the record's own timestamp; `dateTime` may lie ahead of it by no more than the limit.
 */
export function decodeTick(
  value: Uint8Array | null,
  timestampMs: number,
  limits: TickLimits,
): Tick | BadTickReason {
  try {
    return readTick(value, timestampMs, limits)
  } catch (error) {
    if (error instanceof BadTick) return error.reason
    throw error
  }
}

function readTick(value: Uint8Array | null, timestampMs: number, limits: TickLimits): Tick {
  if (value === null) throw new BadTick('no_value')
  if (!Number.isSafeInteger(timestampMs * 1000)) throw new BadTick('record_timestamp')
  // Nearly all ticks are written plainly, and read so at half of the cost. The rules below hold for the rest.
  const plain = readPlainTick(value)
  if (plain !== undefined && breaksNoRule(plain, timestampMs, limits)) return plain
  const text = decodeText(value)
  const fields = parseObject(text)
  return {
    source: readName(fields.source, 'source'),
    symbol: readName(fields.symbol, 'symbol'),
    ask: readNumber(fields.ask, 'ask'),
    bid: readNumber(fields.bid, 'bid'),
    mid: readNumber(fields.mid, 'mid'),
    askMarkup: fields.askMarkup == null ? null : readNumber(fields.askMarkup, 'ask_markup'),
    bidMarkup: fields.bidMarkup == null ? null : readNumber(fields.bidMarkup, 'bid_markup'),
    isTradable: readFlag(fields.isTradable),
    number: readInt64(fields.number, text),
    dateTimeUs: readDateTime(fields.dateTime, timestampMs, limits),
    receiveDateTimeUs: readReceived(fields.receiveDateTime),
    extra: readExtra(fields, text),
  }
}

function breaksNoRule(tick: Tick, timestampMs: number, limits: TickLimits): boolean {
  const { dateTimeUs, receiveDateTimeUs } = tick
  return (
    isShortName(tick.source) &&
    isShortName(tick.symbol) &&
    !Number.isNaN(tick.ask + tick.bid + tick.mid + Number(tick.number) + dateTimeUs) &&
    !isTooEarly(dateTimeUs, limits) &&
    !isTooLate(dateTimeUs, timestampMs, limits) &&
    (receiveDateTimeUs === null || isWithinYears(receiveDateTimeUs))
  )
}

function isShortName({ length }: string): boolean {
  return length > 0 && length <= NAME_MAX_CHARACTERS
}

function decodeText(value: Uint8Array): string {
  try {
    return utf8.decode(value)
  } catch {
    throw new BadTick('not_utf8')
  }
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new BadTick('not_json')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadTick('not_an_object')
  }
  if (isDeeperThan(MAX_DEPTH, text)) throw new BadTick('too_deep')
  return parsed as Record<string, unknown>
}

function readName(value: unknown, field: 'source' | 'symbol'): string {
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) throw new BadTick(field)
  if (value.length > NAME_MAX_CHARACTERS && codePoints(value) > NAME_MAX_CHARACTERS) throw new BadTick(field)
  return value
}

/** Counts characters as people do, not UTF-16 units; a text far over the limit is not walked through. */
function codePoints(text: string): number {
  return text.length > 2 * NAME_MAX_CHARACTERS ? text.length : [...text].length
}

function readNumber(value: unknown, field: BadTickReason): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new BadTick(field)
  return value
}

function readFlag(value: unknown): boolean | null {
  if (value == null) return null
  if (typeof value !== 'boolean') throw new BadTick('is_tradable')
  return value
}

function readDateTime(value: unknown, timestampMs: number, limits: TickLimits): Micros {
  const timeUs = typeof value === 'string' ? parseIsoDateTime(value) : undefined
  if (timeUs === undefined) throw new BadTick('date_time')
  if (isTooEarly(timeUs, limits)) throw new BadTick('date_time_too_early')
  if (isTooLate(timeUs, timestampMs, limits)) {
    throw new BadTick(timestampMs < FIRST_RECORD_MS ? 'record_timestamp' : 'date_time_too_late')
  }
  return timeUs
}

function isTooEarly(timeUs: Micros, { earliestUs }: TickLimits): boolean {
  return timeUs < Math.max(earliestUs, OLDEST_US)
}

function isTooLate(timeUs: Micros, timestampMs: number, { maxAheadMs }: TickLimits): boolean {
  return timeUs > Math.min((timestampMs + maxAheadMs) * 1000, NEWEST_US)
}

function readReceived(value: unknown): Micros | null {
  if (value == null) return null
  const timeUs = typeof value === 'string' ? parseDateTime(value) : undefined
  if (timeUs === undefined) throw new BadTick('receive_date_time')
  return timeUs
}

/** `JSON.parse` rounds integers above 2^53, and reads 1.0 as 1: unless the digits stand in the text, they are looked up. */
function readInt64(value: unknown, text: string): number | bigint {
  if (typeof value !== 'number') throw new BadTick('number')
  if (Number.isSafeInteger(value) && writtenPlainly(value, text)) return value
  const source = sourceOf(text).number
  if (typeof source !== 'object' || source === null) throw new BadTick('number')
  const digits = JSON.stringify(source)
  if (!/^-?\d{1,19}$/.test(digits)) throw new BadTick('number')
  const exact = BigInt(digits)
  if (exact < INT64_MIN || exact > INT64_MAX) throw new BadTick('number')
  return Number.isSafeInteger(value) ? Number(exact) : exact
}

/** True when the only `number` in the text has these digits: no second or nested one, and no escaped name. */
function writtenPlainly(value: number, text: string): boolean {
  const at = text.indexOf(NUMBER_NAME)
  let end = at + NUMBER_NAME.length + 1
  if (text[at - 1] !== '"' || text[end - 1] !== ':') return false
  if (text.includes(NUMBER_NAME, end) || text.includes('\\')) return false
  let written = 0
  for (let digit = digitAt(text, end); digit >= 0 && digit <= 9; digit = digitAt(text, ++end)) {
    written = written * 10 + digit
  }
  return written === value && (text[end] === ',' || text[end] === '}')
}

/** Without the quote in front: a tick has many, and a search stops at each. */
const NUMBER_NAME = 'number"'

function digitAt(text: string, at: number): number {
  return text.charCodeAt(at) - 0x30
}

function readExtra(fields: Record<string, unknown>, text: string): string | null {
  let known = true
  for (const name in fields) known &&= KNOWN_FIELDS.has(name)
  if (known) return null
  const unknown = Object.entries(sourceOf(text)).filter(([name]) => !KNOWN_FIELDS.has(name))
  // fromEntries defines properties, so that a field called __proto__ stays a field.
  return JSON.stringify(Object.fromEntries(unknown))
}

/** The same document with each number kept as its source text, so that writing it again changes no digit. */
function sourceOf(text: string): Record<string, unknown> {
  const keepSource = (_key: string, value: unknown, { source }: { readonly source?: string }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value
  return JSON.parse(text, keepSource)
}

/** A tick is late when Kafka received it after its minute had ended and the grace had passed. */
export function isLate(dateTimeUs: Micros, timestampMs: number, graceMs: number): boolean {
  const minuteEndUs = floorTo(dateTimeUs, MINUTE_US) + MINUTE_US
  return timestampMs * 1000 >= minuteEndUs + graceMs * 1000
}
