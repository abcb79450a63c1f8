import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sorted } from '../support/oracle.ts'
import { openWorld, type TestTick, type World } from './rollupWorld.ts'
import type { StoredCandle } from './ticks.ts'

/** Ticks of one symbol: `first` are rolled up before `late` come. A moment stands for a tick, its price tells it apart. */
interface Case {
  title: string
  symbol?: string
  first: readonly string[]
  late?: readonly string[]
}

const CASES: readonly Case[] = [
  {
    title: 'a tick late by a second',
    first: ['2024-05-06T10:00:10', '2024-05-06T10:00:12'],
    late: ['2024-05-06T10:00:11', '2024-05-06T10:00:09', '2024-05-06T10:00:13'],
  },
  {
    title: 'ticks late by an hour, a day and a week',
    first: ['2024-05-13T10:00:00', '2024-05-13T11:30:00'],
    late: ['2024-05-13T10:30:00', '2024-05-12T11:30:00', '2024-05-06T11:30:00'],
  },
  {
    title: "ticks late across a month's end and a year's",
    first: ['2024-02-01T00:00:00', '2025-01-01T00:00:00'],
    late: ['2024-01-31T23:59:59.999999', '2024-12-31T23:59:59.999999'],
  },
  {
    title: 'several minutes, hours, days and months at once, out of order',
    first: ['2024-07-04T09:00:00', '2024-06-04T08:01:00', '2024-07-04T09:03:00', '2024-05-31T01:00:00'],
    late: ['2024-06-30T23:00:00', '2024-07-01T00:59:00', '2024-05-31T00:59:59', '2024-07-04T08:59:00'],
  },
  {
    title: 'a last tick that comes first',
    first: ['2024-03-03T03:03:59', '2024-03-03T03:03:30', '2024-03-03T03:03:00'],
    late: ['2024-03-03T03:03:59.5'],
  },
  {
    title: 'weeks that span months and years: ISO weeks 53 of 2020, 52 of 2022, 1 of 2025',
    first: ['2020-12-27T23:59:59.999999', '2020-12-28T00:00:00', '2021-01-03T23:59:59.999999'],
    late: ['2021-01-04T00:00:00', '2022-12-31T12:00:00', '2023-01-01T12:00:00', '2024-12-30T00:00:00'],
  },
  {
    title: 'leap days',
    first: ['2024-02-28T23:59:59.999999', '2024-02-29T00:00:00', '2000-02-29T12:00:00'],
    late: ['2024-02-29T23:59:59.999999', '2024-03-01T00:00:00'],
  },
  {
    title: 'the grids of m5, m10, m15, m30, h3 and h4, on their edges and a microsecond before',
    first: [0, 5, 10, 15, 30, 60, 180, 240, 360, 480, 720, 1380].flatMap(minute => {
      const edgeMs = Date.UTC(2024, 8, 10) + minute * 60_000
      const before = new Date(edgeMs - 1).toISOString().replace('Z', '999')
      return [new Date(edgeMs).toISOString(), before]
    }),
  },
  {
    title: 'the first and the last microsecond of the day that is an hour, a day, a week, a month and a year',
    first: ['2024-01-01T00:00:00.000000', '2023-12-31T23:59:59.999999'],
    late: ['2024-01-01T00:00:00.000001', '2023-12-31T23:59:59.999998'],
  },
  {
    title: 'a symbol that is silent for days and months, then ticks',
    first: ['2023-01-02T10:00:00', '2023-01-09T10:00:00'],
    late: ['2023-01-20T10:00:00', '2023-06-20T10:00:00'],
  },
  {
    title: 'a far-away past: before 1970, and the year 1700',
    first: ['1969-12-31T23:59:59.999999', '1970-01-01T00:00:00', '1700-01-04T00:00:00'],
    late: ['1969-12-29T00:00:00.000001', '1700-01-31T23:59:59.999999'],
  },
  { title: 'a symbol with quotes', symbol: `O'NEIL "X" \\`, first: ['2024-04-01T10:00:00'] },
  { title: 'a symbol with separators', symbol: 'a|b,c;d%_', first: ['2024-04-01T10:00:00'] },
  { title: 'a symbol of 64 emoji', symbol: '😀'.repeat(64), first: ['2024-04-01T10:00:00'] },
  { title: 'a symbol of line ends and a zero byte', symbol: 'a\nb\r\u0000c', first: ['2024-04-01T10:00:00'] },
]

const PRICES = [-12.5, 1e-9, 1e15, 0.1 + 0.2, Number.MIN_VALUE, 123456789.01234567]
const TIES = { symbol: 'TIES', dateTime: '2024-08-01T10:00:00' }
const TWICE = { symbol: 'TWICE', dateTime: '2024-08-01T10:00:00' }
const SPECIAL: readonly TestTick[] = [
  { ...TIES, mid: 1, number: 5, partition: 2 },
  { ...TIES, mid: 2, number: 5, partition: 1 },
  { ...TIES, mid: 3, number: 5, partition: 2 },
  { ...TIES, mid: 4, number: 4, partition: 3 },
  { ...TIES, mid: 5, number: 4, partition: 3 },
  { ...TWICE, mid: 1, source: '-A' },
  { ...TWICE, mid: 2, source: '-B' },
  ...PRICES.map((mid, i) => ({ symbol: 'PRICES', mid, dateTime: `2024-08-0${i + 1}T10:00:00` })),
]

const nameOf = ({ symbol, title }: Case) => symbol ?? title.slice(0, 64)
const ticksOf = (of: Case, moments: readonly string[], round: number): TestTick[] =>
  moments.map((dateTime, i) => ({ symbol: nameOf(of), dateTime, mid: 100 + ((i * 7 + round * 3) % 11) }))

let world: World
let stored: StoredCandle[]
beforeAll(async () => {
  world = await openWorld('calendar')
  await world.send([...CASES.flatMap(each => ticksOf(each, each.first, 0)), ...SPECIAL])
  await world.ingest()
  await world.rollup()
  await world.send(CASES.flatMap(each => ticksOf(each, each.late ?? [], 1)))
  await world.ingest()
  await world.rollup()
  stored = await world.stored()
})
afterAll(() => world.close())

describe('candles equal a fold of the same ticks', () => {
  test.each(CASES)('$title', each => {
    const candles = stored.filter(({ symbol }) => symbol === nameOf(each))
    expect(candles.length).toBeGreaterThanOrEqual(11)
    expect(sorted(candles)).toEqual(world.expected(nameOf(each)))
    expect(candles.every(({ closed }) => closed)).toBe(true)
  })

  test('equal times are ordered by number, equal numbers by partition and offset', () => {
    const candles = stored.filter(({ symbol }) => symbol === 'TIES')
    expect(sorted(candles)).toEqual(world.expected('TIES'))
    expect(candles[0]).toMatchObject({ open: 4, close: 3, volume: 5 })
  })

  test('prices negative, of 1e-9 and of 1e15 stay as they are, to the last bit', () => {
    const candles = stored.filter(({ symbol }) => symbol === 'PRICES')
    expect(sorted(candles)).toEqual(world.expected('PRICES'))
    expect(candles.filter(({ timeframe }) => timeframe === 'm1').map(({ open }) => open)).toEqual(PRICES)
  })

  test('one symbol in two sources is two candles', () => {
    const candles = stored.filter(({ symbol }) => symbol === 'TWICE')
    expect(candles).toHaveLength(22)
    expect(sorted(candles)).toEqual(world.expected('TWICE'))
  })

  test('10,000 symbols in one minute are 110,000 candles', async () => {
    const ticks = Array.from({ length: 10_000 }, (_, n) => ({
      symbol: `N${n}`,
      mid: n,
      source: '-many',
      dateTime: '2024-08-15T12:34:56',
    }))
    await world.send(ticks)
    await world.ingest()
    await world.rollup()
    const [row] = await world.services.query.rows<{ n: number; wrong: number }>(`
      SELECT count(*) AS n, count_if(concat('N', CAST(CAST(open AS integer) AS varchar)) <> symbol OR volume <> 1) AS wrong
      FROM lake.market_data.candles WHERE source = '${world.id}-many'`)
    expect(row).toEqual({ n: 110_000, wrong: 0 })
  })
})

describe('whatever ticks come, in whatever order', () => {
  /** Moments on and beside the edges of all grids, over two years. */
  const moments = fc
    .tuple(
      fc.constantFrom('2023-12-31', '2024-01-01', '2024-02-29', '2024-03-01', '2024-12-30', '2025-01-05'),
      fc.constantFrom(0, 3, 4, 8, 12, 21, 23),
      fc.constantFrom(0, 1, 5, 14, 15, 29, 30, 59),
      fc.constantFrom('00', '00.000001', '30', '59.999999'),
    )
    .map(([day, hour, minute, second]) => `${day}T${pad(hour)}:${pad(minute)}:${second}`)
  const pad = (n: number) => String(n).padStart(2, '0')
  const tick: fc.Arbitrary<TestTick> = fc.record({
    symbol: fc.constantFrom('p', 'q'),
    source: fc.constant('-any'),
    mid: fc.double({ min: -1e15, max: 1e15, noNaN: true }).map(mid => mid + 0),
    number: fc.integer({ min: -3, max: 3 }),
    dateTime: moments,
    partition: fc.integer({ min: 0, max: 3 }),
  })

  test('300 random ticks in 3 rollups make the candles of their fold', async () => {
    const seed = Date.now() & 0xffffff
    const ticks = fc.sample(tick, { numRuns: 300, seed })
    for (let i = 0; i < 300; i += 100) {
      await world.send(ticks.slice(i, i + 100))
      await world.ingest()
      await world.rollup()
    }
    const stored = [...(await world.stored('p')), ...(await world.stored('q'))]
    const expected = [...world.expected('p'), ...world.expected('q')]
    expect(sorted(stored), `seed ${seed}`).toEqual(sorted(expected))
  })
})
