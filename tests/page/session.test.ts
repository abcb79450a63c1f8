import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import type { Candle } from '../../page/api.js'
import { ServerClock } from '../../page/serverClock.js'
import { Session } from '../../page/session.js'

const MINUTE_MS = 60_000
const START_MS = Date.UTC(2026, 0, 1, 12)
/** Pages of the past have so many candles, and here so few. */
const [PAGE, SMALL_PAGE] = [1_000, 6]
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}.000000Z`

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A server of one series of m1 candles, which change in all ways that the real ones do. */
class Market {
  readonly candles = new Map<string, Candle>()
  #version = 0
  #commits = 0
  staleHours = 0
  /** Answers that fail from now on, and those that end early, as a search may. */
  failing = 0
  short = 0
  #committedMs = START_MS

  add(atMs: number, volume: number, closed = true): void {
    const dateTime = iso(atMs)
    const revision = (this.candles.get(dateTime)?.revision ?? 0) + 1
    const prices = { open: 1, high: volume, low: 1, close: volume }
    this.candles.set(dateTime, { dateTime, ...prices, volume, closed, revision })
    this.#version++
  }

  /** A live candle goes away, or others delete a stored one. */
  remove(index: number): void {
    const dateTime = this.sorted.at(-1 - index)?.dateTime
    if (dateTime !== undefined) this.candles.delete(dateTime)
    this.#version++
  }

  commit(): void {
    this.#commits++
    this.#committedMs = Date.now()
    this.#version++
  }

  get sorted(): Candle[] {
    return [...this.candles.values()].sort((a, b) => (a.dateTime < b.dateTime ? -1 : 1))
  }

  answer(url: string, tag: string | null): Response {
    if (this.failing > 0) {
      this.failing--
      return new Response(JSON.stringify({ error: { code: 'UNAVAILABLE', message: 'Busy.' } }), {
        status: 503,
      })
    }
    const etag = `W/"${this.#version}-${this.#commits}"`
    if (tag === etag) return new Response(null, { status: 304 })
    const query = new URLSearchParams(url.split('?')[1])
    const end = (name: string) => (query.has(name) ? iso(Date.parse(query.get(name)!)) : undefined)
    const [from, to] = [end('from') ?? '', end('to') ?? '~']
    const asked = Number(query.get('limit') ?? 500)
    const limit = this.#cut(asked === PAGE ? SMALL_PAGE : asked)
    const within = this.sorted.filter(({ dateTime }) => dateTime >= from && dateTime < to)
    const candles = within.slice(-limit)
    const older = candles.length < within.length ? (candles[0]?.dateTime ?? null) : null
    const now = iso(Date.now())
    const status = {
      ...{ closedUntil: now, committedAt: iso(this.#committedMs), newestMinute: now, waitingSince: null },
      ...{ staleHours: this.staleHours, serverTime: now },
    }
    return new Response(JSON.stringify({ candles, older, status }), { headers: { etag } })
  }

  #cut(limit: number): number {
    if (this.short === 0) return limit
    this.short--
    return Math.min(limit, 2)
  }
}

type Step = (market: Market, session: Session) => void

const minutesAgo = fc.nat({ max: 40 })
const at = (minutes: number) => Math.floor(Date.now() / MINUTE_MS - minutes) * MINUTE_MS
const steps: fc.Arbitrary<{ readonly name: string; readonly step: Step }> = fc.oneof(
  fc.nat(9).map(n => ({ name: `tick ${n}`, step: (market: Market) => market.add(at(0), n, false) })),
  fc.nat(9).map(n => ({ name: `ahead ${n}`, step: (market: Market) => market.add(at(-2), n, false) })),
  fc.tuple(minutesAgo, fc.nat(9)).map(([ago, n]) => ({
    name: `late ${ago} ${n}`,
    step: (market: Market) => market.add(at(ago), n),
  })),
  fc.nat(60).map(n => ({ name: `remove ${n}`, step: (market: Market) => market.remove(n) })),
  fc.constant({ name: 'commit', step: (market: Market) => market.commit() }),
  fc.nat(3).map(hours => ({
    name: `history ${hours}`,
    step: (market: Market) => {
      market.staleHours = hours
      market.commit()
    },
  })),
  fc.integer({ min: 1, max: 3 }).map(n => ({
    name: `fail ${n}`,
    step: (market: Market) => {
      market.failing = n
    },
  })),
  fc.integer({ min: 1, max: 2 }).map(n => ({
    name: `short ${n}`,
    step: (market: Market) => {
      market.short = n
    },
  })),
  fc.constant({ name: 'older', step: (_: Market, session: Session) => void session.loadOlder(5) }),
  fc.constant({ name: 'newer', step: (_: Market, session: Session) => void session.loadNewer() }),
  fc.constant({ name: 'newest', step: (_: Market, session: Session) => void session.goToNewest() }),
  fc.integer({ min: -10, max: 900 }).map(ago => ({
    name: `goTo ${ago}`,
    step: (_: Market, session: Session) => void session.goTo(new Date(at(ago)).toISOString()),
  })),
)
const pauses = fc.constantFrom(0, 300, 1_000, 3_000, 60_000, 301_000)
const schedule = fc.array(fc.record({ what: steps, pauseMs: pauses }), { minLength: 1, maxLength: 25 })
/** Candles before the schedule begins, in minutes before it. */
const history = fc.uniqueArray(fc.oneof(fc.nat(30), fc.nat(900)), { minLength: 1, maxLength: 60 })

function isAscending(candles: readonly Candle[]): boolean {
  return candles.every(({ dateTime }, i) => i === 0 || candles[i - 1]!.dateTime < dateTime)
}

/** A market with history, and a page that looks at it from then on. */
function open(history: readonly number[], aim: number | null) {
  vi.useFakeTimers({ now: START_MS })
  const market = new Market()
  for (const ago of history) market.add(at(ago), ago % 10)
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {} })
  vi.stubGlobal('window', { addEventListener: () => {} })
  vi.stubGlobal('fetch', async (url: string, { headers }: { headers: Record<string, string> }) => {
    await new Promise(resolve => setTimeout(resolve, 50))
    return market.answer(url, headers['if-none-match'] ?? null)
  })
  const until = aim === null ? undefined : new Date(at(aim)).toISOString()
  const check = () => expect(isAscending(session.loaded.candles)).toBe(true)
  const session: Session = new Session(
    { source: 'S', symbol: 'X', timeframe: 'm1' },
    until,
    new ServerClock(),
    {
      ...{ onCandles: check, onAnswer: () => {}, onTrouble: () => {}, onNothing: () => {} },
    },
  )
  return { market, session }
}

/** The loaded candles are all there are from the first one on, or of all, to where they end. */
function expectAsServed({ loaded: { candles, older, newer } }: Session, market: Market): void {
  expect(isAscending(candles)).toBe(true)
  const first = candles[0]?.dateTime ?? '~'
  const [from, to] = [older === null ? '' : first, newer === null ? '~' : iso(Date.parse(newer))]
  const values = ({ dateTime, volume, closed, revision }: Candle) => [dateTime, volume, closed, revision]
  const there = market.sorted.filter(({ dateTime }) => dateTime >= from && dateTime < to)
  expect(candles.map(values)).toEqual(there.map(values))
  if (older !== null) expect(iso(Date.parse(older)) <= first).toBe(true)
}

test('whatever happens, loaded candles are in order, none is doubled, and in the end they are those of the server', async () => {
  await fc.assert(
    fc.asyncProperty(history, schedule, fc.option(fc.nat(900)), async (history, schedule, aim) => {
      const { market, session } = open(history, aim)
      for (const { what, pauseMs } of schedule) {
        what.step(market, session)
        await vi.advanceTimersByTimeAsync(pauseMs)
      }
      market.failing = 0
      market.short = 0
      await vi.advanceTimersByTimeAsync(700_000)
      session.end()
      expectAsServed(session, market)
    }),
    { numRuns: 40 },
  )
})

test('a window on the past of which others delete a candle has none twice, read again and with the page before it', async () => {
  const { market, session } = open(
    Array.from({ length: 30 }, (_, i) => 900 - i),
    890,
  )
  await vi.advanceTimersByTimeAsync(1_000)
  expect(session.loaded).toMatchObject({ isAtNewest: false, candles: { length: SMALL_PAGE } })
  market.remove(2)
  await vi.advanceTimersByTimeAsync(302_000)
  await Promise.all([session.loadOlder(), vi.advanceTimersByTimeAsync(1_000)])
  session.end()
  expectAsServed(session, market)
})

test('a candle that comes between others, as one of them is ahead of its time, is there a second later', async () => {
  const { market, session } = open([5, 4, 3], null)
  await vi.advanceTimersByTimeAsync(5_000)
  market.add(at(-2), 1, false)
  await vi.advanceTimersByTimeAsync(60_000)
  market.add(at(0), 2, false)
  await vi.advanceTimersByTimeAsync(1_100)
  session.end()
  expectAsServed(session, market)
})

test('a clock that is set back by an hour stops nothing', async () => {
  const { market, session } = open([2, 1], null)
  await vi.advanceTimersByTimeAsync(5_000)
  vi.setSystemTime(Date.now() - 3_600_000)
  market.add(at(-60), 3, false)
  await vi.advanceTimersByTimeAsync(1_100)
  expectAsServed(session, market)
  market.add(at(-58), 5)
  await vi.advanceTimersByTimeAsync(302_000)
  session.end()
  expectAsServed(session, market)
})

test('an old candle that changes while nobody trades any more is read again within some minutes', async () => {
  const { market, session } = open(
    Array.from({ length: 30 }, (_, i) => i),
    null,
  )
  await vi.advanceTimersByTimeAsync(5_000)
  market.add(at(20), 7)
  await vi.advanceTimersByTimeAsync(302_000)
  session.end()
  expectAsServed(session, market)
})
