import type { BadTickReason } from '../../lib/market/tick.ts'

/** A column's value as readers print it: a long as decimal text, a time as ISO 8601 with microseconds. */
export type Printed = string | number | boolean | null

/** A row of the ticks table without its place on Kafka. */
export type Row = Readonly<Record<keyof typeof ROW, Printed>>

/** One record and what must become of it: a row, or a dead letter for this reason. */
export interface Case {
  readonly name: string
  readonly value: Uint8Array | null
  readonly expected: Row | BadTickReason
}

/** The moment at which Kafka received every record of the corpus. */
export const RECORD_MS = Date.parse('2025-03-20T14:31:28.500Z')
/** What ticks are allowed unless a setting says otherwise. */
export const LIMITS = { earliestUs: 0, maxAheadMs: 3_600_000 }

/** The source of all cases but those about sources, whose symbol is this. */
export const NAME = 'CORPUS'

const TEXTS = {
  source: `"${NAME}"`,
  symbol: `"${NAME}"`,
  ask: '627.05',
  bid: '627.04',
  mid: '627.045',
  askMarkup: '0',
  bidMarkup: '0.5',
  isTradable: 'true',
  number: '11530579268',
  dateTime: '"2025-03-20T14:31:28.000"',
  receiveDateTime: '"2025-03-20T14:31:28.386"',
}

const ROW = {
  source: NAME,
  symbol: NAME,
  ask: 627.05,
  bid: 627.04,
  mid: 627.045,
  ask_markup: 0,
  bid_markup: 0.5,
  is_tradable: true,
  number: '11530579268',
  date_time: '2025-03-20T14:31:28.000000Z',
  receive_date_time: '2025-03-20T14:31:28.386000Z',
  extra: null,
}

/** JSON texts of a good tick's fields, by name, in their order. */
export const GOOD_FIELDS: readonly (readonly [name: string, text: string])[] = Object.entries(TEXTS)

/** A good tick whose fields have these JSON texts instead; an undefined one is left out. */
export function tickText(texts: Readonly<Record<string, string | undefined>>): string {
  const fields = Object.entries({ ...TEXTS, ...texts }).filter(([, text]) => text !== undefined)
  return `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/** A tick that becomes the good tick's row with these changes. */
export function good(
  name: string,
  texts: Readonly<Record<string, string | undefined>>,
  changes: Partial<Row>,
): Case {
  return { name, value: Buffer.from(tickText(texts)), expected: { ...ROW, ...changes } }
}

/** A tick that is bad for one of its fields. */
export function bad(
  name: string,
  texts: Readonly<Record<string, string | undefined>>,
  reason: BadTickReason,
): Case {
  return { name, value: Buffer.from(tickText(texts)), expected: reason }
}

/** A value that becomes the good tick's row with these changes, or a dead letter. */
export function whole(
  name: string,
  value: string | Uint8Array | null,
  expected: Partial<Row> | BadTickReason,
): Case {
  return {
    name,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    expected: typeof expected === 'string' ? expected : { ...ROW, ...expected },
  }
}

/** What became of a case, for a test's title. */
export function outcome({ expected }: Case): string {
  return typeof expected === 'string' ? `is refused: ${expected}` : 'becomes a row'
}
