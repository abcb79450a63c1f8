import { PlainJson } from './plainJson.ts'
import type { Tick, TickField } from './tick.ts'

const word = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const [BRACE, END_BRACE, COLON, COMMA] = [0x7b, 0x7d, 0x3a, 0x2c]
const [NULL, TRUE, FALSE] = [word('null'), word('true'), word('false')]

type Draft = { -readonly [Name in keyof Tick]: Tick[Name] }
type ReadField = (tick: Draft, json: PlainJson) => void

const READ_FIELD: Readonly<Record<TickField, ReadField>> = {
  source: (tick, json) => {
    tick.source = json.readText()
  },
  symbol: (tick, json) => {
    tick.symbol = json.readText()
  },
  ask: (tick, json) => {
    tick.ask = json.readNumber()
  },
  bid: (tick, json) => {
    tick.bid = json.readNumber()
  },
  mid: (tick, json) => {
    tick.mid = json.readNumber()
  },
  askMarkup: (tick, json) => {
    tick.askMarkup = json.passWord(NULL) ? null : json.readNumber()
  },
  bidMarkup: (tick, json) => {
    tick.bidMarkup = json.passWord(NULL) ? null : json.readNumber()
  },
  isTradable: (tick, json) => {
    tick.isTradable = json.passWord(NULL) ? null : readFlag(json)
  },
  number: (tick, json) => {
    tick.number = json.readInteger()
  },
  dateTime: (tick, json) => {
    tick.dateTimeUs = json.readTime()
  },
  receiveDateTime: (tick, json) => {
    tick.receiveDateTimeUs = json.passWord(NULL) ? null : json.readTime()
  },
}

const FIELDS = Object.entries(READ_FIELD).map(([name, read]) => ({ quoted: word(`"${name}"`), read }))

/**
 * Reads the tick that nearly every producer writes: a flat object of a tick's fields, written plainly. Gives undefined for
 * whatever else, which says nothing of it. Required fields that are missing are empty text or NaN; no bounds are checked.
 */
export function readPlainTick(bytes: Uint8Array): Tick | undefined {
  const json = new PlainJson(bytes)
  const tick: Draft = {
    source: '',
    symbol: '',
    ask: Number.NaN,
    bid: Number.NaN,
    mid: Number.NaN,
    askMarkup: null,
    bidMarkup: null,
    isTradable: null,
    number: Number.NaN,
    dateTimeUs: Number.NaN,
    receiveDateTimeUs: null,
    extra: null,
  }
  if (!json.passMark(BRACE)) return undefined
  let field = -1
  do {
    field = passName(json, field + 1)
    if (field < 0 || !json.passMark(COLON)) return undefined
    FIELDS[field]!.read(tick, json)
  } while (json.passMark(COMMA))
  return json.passMark(END_BRACE) && json.isAtEnd ? tick : undefined
}

/** Passes the name of a field, first looking for the one that is expected; -1 for a name of none. */
function passName(json: PlainJson, expected: number): number {
  for (let i = expected; i < FIELDS.length; i++) if (json.passWord(FIELDS[i]!.quoted)) return i
  for (let i = 0; i < expected; i++) if (json.passWord(FIELDS[i]!.quoted)) return i
  return -1
}

function readFlag(json: PlainJson): boolean {
  if (json.passWord(TRUE)) return true
  return json.passWord(FALSE) ? false : json.giveUp(false)
}
