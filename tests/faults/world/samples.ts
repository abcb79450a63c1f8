import type { Random } from '../random.ts'

/** The contents of a record, with what it must become: a tick, or a dead letter of this reason. */
export interface Sample {
  readonly key: string | null
  readonly value: Buffer | string | null
  readonly expect: 'tick' | string
}

const SYMBOLS = ['EURUSD', 'BTCUSD', 'O\'Neil|"&" 😀', '日経']
const DAY_MS = 86_400_000

/** A good tick's JSON: `n` tells it from all others. */
type Good = (n: number, atMs: number, symbol: string) => string

const isoOf = (atMs: number) => new Date(atMs).toISOString()

const base = (n: number, symbol: string) => ({
  source: 'FAULTS',
  symbol,
  ask: 2.5,
  bid: 1.25,
  mid: 100 + n / 7,
})

/** Every way to write a tick that tickhouse takes. */
const GOOD: readonly Good[] = [
  (n, atMs, symbol) => JSON.stringify({ ...base(n, symbol), number: n, dateTime: isoOf(atMs) }),
  (n, atMs, symbol) =>
    JSON.stringify({
      ...base(n, symbol),
      askMarkup: 0.1,
      bidMarkup: -0.3,
      isTradable: n % 2 === 0,
      number: -n,
      dateTime: isoOf(atMs).replace('Z', ''),
      receiveDateTime: isoOf(atMs + 300),
    }),
  (n, atMs, symbol) =>
    JSON.stringify({
      ...base(n, symbol),
      isTradable: null,
      number: n,
      dateTime: isoOf(atMs).replace('Z', '123Z'),
    }),
  (n, atMs, symbol) => {
    const local = isoOf(atMs + 5.5 * 3_600_000).replace('Z', '+05:30')
    return JSON.stringify({ ...base(n, symbol), number: n, dateTime: local })
  },
  (n, atMs, symbol) =>
    JSON.stringify({
      ...base(n, symbol),
      dateTime: isoOf(atMs),
      venue: { name: 'X"\\', ids: [1, null] },
      number: n,
    }),
  (n, atMs, symbol) =>
    `{"number":${9_000_000_000_000_000_001n + BigInt(n)},${JSON.stringify({ ...base(n, symbol), dateTime: isoOf(atMs) }).slice(1)}`,
]

/** Every reason here has a record that must go to the dead-letter topic for it. */
const BAD: readonly {
  readonly reason: string
  value(n: number, good: Record<string, unknown>): Sample['value']
}[] = [
  { reason: 'not_json', value: n => `nonsense ${n}` },
  { reason: 'not_json', value: () => '' },
  { reason: 'no_value', value: () => null },
  { reason: 'not_utf8', value: n => Buffer.from([0x22, 0xff, 0xfe, n % 256, 0x22]) },
  { reason: 'not_an_object', value: n => `[${n}]` },
  { reason: 'symbol', value: (_, good) => JSON.stringify({ ...good, symbol: '' }) },
  { reason: 'mid', value: (_, good) => JSON.stringify({ ...good, mid: '1.5' }) },
  { reason: 'number', value: (_, good) => JSON.stringify({ ...good, number: 1.5 }) },
  { reason: 'is_tradable', value: (_, good) => JSON.stringify({ ...good, isTradable: 'yes' }) },
  { reason: 'date_time', value: (_, good) => JSON.stringify({ ...good, dateTime: '2026-02-30T00:00:00' }) },
  {
    reason: 'date_time_too_late',
    value: (_, good) => JSON.stringify({ ...good, dateTime: '2200-01-01T00:00:00' }),
  },
]

/** Makes records: about one in six is bad. */
export class Samples {
  readonly #random: Random
  #count = 0

  constructor(random: Random) {
    this.#random = random
  }

  next(): Sample {
    const n = ++this.#count
    return this.#random.next() < 1 / 6 ? this.bad(n) : this.good(n)
  }

  good(n = ++this.#count): Sample {
    const symbol = this.#random.pick(SYMBOLS)
    const daysBack = this.#random.pick([0, 0, 0, 0, 1, 2])
    const atMs = Date.now() - daysBack * DAY_MS - this.#random.int(0, 90_000)
    return { key: symbol, value: this.#random.pick(GOOD)(n, atMs, symbol), expect: 'tick' }
  }

  bad(n = ++this.#count): Sample {
    const { reason, value } = this.#random.pick(BAD)
    const good = { ...base(n, 'BAD'), number: n, dateTime: isoOf(Date.now()) }
    return { key: n % 3 === 0 ? null : `bad-${n}`, value: value(n, good), expect: reason }
  }
}
