import { afterEach, describe, expect, test } from 'vitest'
import type { TimeRange } from '../../lib/market/range.ts'
import type { Query } from '../../lib/ports.ts'
import { differingMinutes, type FoldedTicks, foldMinutes } from '../../lib/rollup/foldMinutes.ts'
import { isInShare } from '../../lib/rollup/symbolShare.ts'
import type { Settings } from '../../lib/services.ts'
import { type OffsetStretch, type OffsetVector, stretchesBetween } from '../../lib/tables/offsetVector.ts'
import { QueryFailed } from '../../lib/trino/errors.ts'
import { candle } from '../support/candles.ts'
import { type MinuteTables, openMinuteTables, type TestTick } from '../support/minuteTables.ts'

/** Two tables, and who answers statements about them. */
export interface MinutesWorld {
  readonly catalog: MinuteTables['catalog']
  readonly store: MinuteTables['store']
  readonly query: Query
  readonly settings: Settings
}

const MINUTE_US = 60_000_000
/** Long before what any other test has, on both sides of 1970. */
const START_US = Date.UTC(1969, 11, 31, 23, 58) * 1000
const minuteAt = (minute: number) => START_US + minute * MINUTE_US
const STRETCH: TimeRange = { fromUs: START_US, toUs: minuteAt(60) }
const ONE_SHARE = { index: 0, count: 1 }

/** What answers the rollup's two statements. */
export function minutesContract(name: string, open: () => Promise<MinutesWorld>): void {
  describe(`minutes folded by ${name}`, () => {
    let cleanUp = async () => {}
    afterEach(() => cleanUp())

    /** Tables with rows of this test's source alone, and what the two statements say of them. */
    async function begin(price: Settings['price'] = 'mid') {
      const world = await open()
      const source = `MINUTES_${crypto.randomUUID()}`
      const tables = await openMinuteTables(world, source)
      cleanUp = tables.deleteAll
      const services = { query: world.query, settings: { ...world.settings, price } }
      const own = <Row extends { source: string }>(rows: readonly Row[]) =>
        rows.filter(row => row.source === source)
      return {
        ...tables,
        source,
        services,
        async foldEnds(of: Partial<FoldedTicks> = {}) {
          const folded = { stretches: [STRETCH], ...of }
          const minutes = await foldMinutes(services, { ticks: await tables.ticks(), ...folded })
          return own(minutes).toSorted(byPlace)
        },
        async fold(stretches = [STRETCH], later: readonly OffsetStretch[] = []) {
          const folded = { ticks: await tables.ticks(), later, stretches }
          const minutes = await foldMinutes(services, folded)
          return own(minutes)
            .toSorted(byPlace)
            .map(({ ends: _, ...minute }) => minute)
        },
        async differ({ stretches = [STRETCH], share = ONE_SHARE, query = world.query } = {}) {
          const [ticks, candles] = [await tables.ticks(), await tables.candles()]
          const fold = { ticks, candles, stretches, share }
          const { computed, surplus } = await differingMinutes({ ...services, query }, fold)
          return { computed: own(computed).toSorted(byPlace), surplus: own(surplus).toSorted(byPlace) }
        },
      }
    }

    test('are one per source, symbol and minute, in the order of time, then number, epoch, partition, offset', async () => {
      const { commitTicks, fold, source } = await begin()
      const at = (tick: Partial<TestTick>): TestTick => ({ timeUs: minuteAt(3) + 7, ...tick })
      await commitTicks([at({ mid: 5, number: 9n, epoch: 0, partition: 1 })])
      await commitTicks([
        at({ mid: 2, number: 8n, epoch: 1, partition: 0 }),
        at({ mid: 3, number: 8n, epoch: 0, partition: 1 }),
        at({ mid: 4, number: 2n ** 62n, epoch: 0, partition: 0 }),
        at({ mid: 9, timeUs: minuteAt(3) + 8, epoch: 1, partition: 1 }),
        at({ mid: 8, timeUs: minuteAt(4) - 1, epoch: 0, partition: 2 }),
      ])
      await commitTicks([
        at({ mid: 1, timeUs: minuteAt(3), number: -5n, epoch: 1, partition: 2 }),
        at({ mid: 6, timeUs: minuteAt(4), symbol: "it's" }),
        at({ mid: 7, timeUs: minuteAt(4) + 1 }),
      ])
      expect(await fold()).toEqual([
        minute(source, { dateTimeUs: minuteAt(3), open: 1, high: 9, low: 1, close: 8, volume: 7 }),
        minute(source, { dateTimeUs: minuteAt(4), open: 7, high: 7, low: 7, close: 7, volume: 1 }),
        minute(source, {
          ...{ symbol: "it's", dateTimeUs: minuteAt(4) },
          ...{ open: 6, high: 6, low: 6, close: 6, volume: 1 },
        }),
      ])
    })

    test('of one moment are told apart by number, then epoch, partition and offset', async () => {
      const { commitTicks, fold } = await begin()
      const closes: number[] = []
      for (const [i, later] of [{ number: 2n }, { epoch: 1 }, { partition: 1 }, {}].entries()) {
        const same = { timeUs: minuteAt(i), number: 1n, epoch: 0, partition: 0 }
        await commitTicks([
          { ...same, mid: 1 },
          { ...same, mid: 2, ...later },
        ])
        const [found] = await fold([{ fromUs: minuteAt(i), toUs: minuteAt(i + 1) }])
        closes.push(found!.open, found!.close)
      }
      expect(closes).toEqual([1, 2, 1, 2, 1, 2, 1, 2])
    })

    test('tell the places of their first and last ticks, as texts that sort as times do', async () => {
      const { commitTicks, foldEnds, vector } = await begin()
      await commitTicks([
        { timeUs: minuteAt(1) + 59_999_999, number: 2n ** 62n + 1n, epoch: 1, partition: 2 },
        { timeUs: minuteAt(1) + 20, number: -7n },
        { timeUs: minuteAt(3) },
      ])
      const [before, after] = await foldEnds()
      const [epoch, next] = [vector().epoch, vector().epoch + 1].map(String)
      expect(before?.ends).toEqual([
        ['1969-12-31 23:59:00.000020 UTC', '-7', epoch, '0', '0'],
        ['1969-12-31 23:59:59.999999 UTC', '4611686018427387905', next, '2', '0'],
      ])
      expect(after?.ends).toEqual([1, 1].map(() => ['1970-01-01 00:01:00.000000 UTC', '1', epoch, '0', '1']))
    })

    test('of some files are made of the ticks in these alone', async () => {
      const { commitTicks, foldEnds, files } = await begin()
      await commitTicks([{ timeUs: minuteAt(5), mid: 1 }])
      const first = await files()
      await commitTicks([{ timeUs: minuteAt(5), mid: 2 }])
      await commitTicks([{ timeUs: minuteAt(6), mid: 3 }])
      const later = (await files()).filter(path => !first.includes(path))
      const closesOf = async (paths: readonly string[]) =>
        (await foldEnds({ paths })).map(({ close, volume }) => [close, volume])
      expect(await closesOf(first)).toEqual([[1, 1]])
      expect(await closesOf(later)).toEqual([
        [2, 1],
        [3, 1],
      ])
    })

    test('leave the ticks between two vectors out, of each epoch and partition', async () => {
      const { commitTicks, fold, vector } = await begin()
      await commitTicks(
        [0, 1].flatMap(epoch => [0, 1].map(partition => ({ timeUs: minuteAt(5), mid: 1, epoch, partition }))),
      )
      const before = vector()
      await commitTicks([0, 1].map(epoch => ({ timeUs: minuteAt(5), mid: 2, epoch, partition: 1 })))
      const volumeWithout = async (from: OffsetVector, to = vector()) =>
        (await fold([STRETCH], stretchesBetween(from, to)))[0]?.volume
      expect(await volumeWithout(vector())).toBe(6)
      expect(await volumeWithout(before)).toBe(4)
      expect(await volumeWithout({ epoch: 0, positions: [] }, before)).toBe(2)
      expect(await volumeWithout({ ...before, positions: before.positions.slice(0, 1) })).toBe(1)
      expect(await volumeWithout({ epoch: 0, positions: [] })).toBeUndefined()
    })

    test('lie within the stretches, whose ends are not included', async () => {
      const { commitTicks, fold } = await begin()
      await commitTicks([0, 1, 2, 3, 4, 5].map(n => ({ timeUs: minuteAt(n) + 59_999_999, mid: n })))
      const stretches = [
        { fromUs: minuteAt(1), toUs: minuteAt(3) },
        { fromUs: minuteAt(5), toUs: minuteAt(6) },
      ]
      expect((await fold(stretches)).map(({ open }) => open)).toEqual([1, 2, 5])
      expect(await fold([])).toEqual([])
    })

    test.each(['mid', 'bid', 'ask'] as const)('are made of %s', async price => {
      const { commitTicks, fold } = await begin(price)
      await commitTicks([{ timeUs: minuteAt(0), mid: 2, bid: 1, ask: 3 }])
      expect((await fold())[0]?.close).toBe({ mid: 2, bid: 1, ask: 3 }[price])
    })

    test('have no negative zero', async () => {
      const { commitTicks, fold, source } = await begin()
      await commitTicks([{ timeUs: minuteAt(0), mid: -0 }])
      expect(await fold()).toEqual([
        minute(source, { dateTimeUs: minuteAt(0), open: 0, high: 0, low: 0, close: 0, volume: 1 }),
      ])
    })

    test('keep all digits of a price', async () => {
      const { commitTicks, fold } = await begin()
      const prices = [0.1 + 0.2, 1.7976931348623157e308, 5e-324, -0.1]
      await commitTicks(prices.map((mid, n) => ({ timeUs: minuteAt(n), mid })))
      expect((await fold()).map(({ close }) => close)).toEqual(prices)
    })

    test('differ where a stored one has other values, is missing, or has no tick', async () => {
      const { commitTicks, commitCandles, differ, source } = await begin()
      await commitTicks([0, 1, 2, 3, 4, 5].map(n => ({ timeUs: minuteAt(n), mid: 2 })))
      const stored = (n: number, values: object = {}) =>
        candle({
          ...{ source, dateTimeUs: minuteAt(n), open: 2, high: 2, low: 2, close: 2, volume: 1 },
          ...values,
        })
      await commitCandles([
        stored(0),
        stored(1, { high: 3 }),
        stored(2, { volume: 2 }),
        stored(3, { closed: false, revision: 7 }),
        stored(4, { timeframe: 'm5' }),
        stored(4, { timeframe: 'removed_m1', volume: 0 }),
        stored(5, { open: 1 }),
        stored(6, { low: 1, close: 1 }),
        stored(7, { timeframe: 'm5' }),
      ])
      const { computed, surplus } = await differ()
      expect(computed.map(({ dateTimeUs }) => (dateTimeUs - START_US) / MINUTE_US)).toEqual([1, 2, 4, 5])
      expect(computed[0]).toEqual(
        minute(source, { dateTimeUs: minuteAt(1), open: 2, high: 2, low: 2, close: 2, volume: 1 }),
      )
      expect(surplus).toEqual([{ source, symbol: 'X', timeframe: 'm1', dateTimeUs: minuteAt(6) }])
    })

    test('do not differ by the sign of a zero, nor outside the stretches', async () => {
      const { commitTicks, commitCandles, differ, source } = await begin()
      await commitTicks([
        { timeUs: minuteAt(0), mid: 0 },
        { timeUs: minuteAt(9), mid: 1 },
      ])
      const zeros = { open: -0, high: -0, low: -0, close: -0, volume: 1 }
      await commitCandles([
        candle({ source, dateTimeUs: minuteAt(0), ...zeros }),
        candle({ source, dateTimeUs: minuteAt(8) }),
      ])
      const stretches = [{ fromUs: minuteAt(0), toUs: minuteAt(8) }]
      expect(await differ({ stretches })).toEqual({ computed: [], surplus: [] })
    })

    test('that differ are each in one share of the symbols', async () => {
      const { commitTicks, commitCandles, differ, source } = await begin()
      const symbols = Array.from({ length: 40 }, (_, n) => `symbol ${n} é`)
      await commitTicks(symbols.slice(0, 30).map(symbol => ({ timeUs: minuteAt(0), mid: 1, symbol })))
      await commitCandles(
        symbols.slice(20).map(symbol => candle({ source, symbol, dateTimeUs: minuteAt(0) })),
      )
      const parts = await Promise.all(
        [0, 1, 2, 3].map(async index => {
          const { computed, surplus } = await differ({ share: { index, count: 4 } })
          return [...computed, ...surplus].map(({ symbol }) => symbol)
        }),
      )
      expect(parts.flat().toSorted()).toEqual(symbols.toSorted())
      expect(parts.filter(({ length }) => length > 0).length).toBeGreaterThan(1)
      for (const [index, part] of parts.entries())
        for (const symbol of part) expect(isInShare({ index, count: 4 }, symbol)).toBe(true)
    })

    test('that differ are at most as many as the limit', async () => {
      const { commitTicks, commitCandles, differ, services, source } = await begin()
      await commitTicks([0, 1, 2].map(n => ({ timeUs: minuteAt(n), mid: 1 })))
      await commitCandles([3, 4].map(n => candle({ source, dateTimeUs: minuteAt(n) })))
      const counts: number[] = []
      for (const limit of [3, 5, 1_000]) {
        const query: Query = {
          async rows<Row>(sql: string): Promise<Row[]> {
            const rows = await services.query.rows<Row>(sql.replace(/LIMIT \d+/, `LIMIT ${limit}`))
            counts.push(rows.length)
            return rows
          },
        }
        await differ({ query })
      }
      // Other tests of the same servers may have rows in these minutes, too.
      expect(counts.slice(0, 2)).toEqual([3, 5])
      expect(counts[2]).toBeGreaterThanOrEqual(5)
    })

    test('are those of the snapshots that are named, whatever was committed or deleted since', async () => {
      const { commitTicks, commitCandles, deleteAll, fold, ticks, candles, services, source } = await begin()
      await commitTicks([{ timeUs: minuteAt(0), mid: 1 }])
      await commitCandles([candle({ source, dateTimeUs: minuteAt(1) })])
      const [ticksThen, candlesThen] = [await ticks(), await candles()]
      await commitTicks([{ timeUs: minuteAt(2), mid: 2 }])
      expect((await fold()).map(({ close }) => close)).toEqual([1, 2])
      await deleteAll()
      expect(await fold()).toEqual([])
      const then = {
        ...{ ticks: ticksThen, candles: candlesThen },
        ...{ stretches: [STRETCH], share: ONE_SHARE },
      }
      expect((await foldMinutes(services, then)).filter(row => row.source === source)).toHaveLength(1)
      const { computed, surplus } = await differingMinutes(services, then)
      expect(computed.filter(row => row.source === source)).toHaveLength(1)
      expect(surplus.filter(row => row.source === source)).toHaveLength(1)
    })

    test('of a snapshot that was expired are refused', async () => {
      const { commitTicks, expire, services, ticks, candles } = await begin()
      await commitTicks([{ timeUs: minuteAt(0), mid: 1 }])
      const [ticksThen, candlesThen] = [await ticks(), await candles()]
      await commitTicks([{ timeUs: minuteAt(2), mid: 2 }])
      await expire(ticksThen)
      const then = { ticks: ticksThen, stretches: [STRETCH] }
      const differing = { ...then, candles: candlesThen, share: ONE_SHARE }
      for (const ask of [() => foldMinutes(services, then), () => differingMinutes(services, differing)]) {
        const failure = await ask().catch(error => error)
        expect(failure).toBeInstanceOf(QueryFailed)
        expect(failure).toMatchObject({
          errorName: 'INVALID_ARGUMENTS',
          errorType: 'USER_ERROR',
          retryable: false,
        })
      }
    })

    test('are not guessed: a statement that means nothing is refused', async () => {
      const { services } = await begin()
      await expect(services.query.rows('SELECT source FROM nowhere WHERE')).rejects.toThrow()
    })
  })
}

function minute(source: string, of: { symbol?: string; dateTimeUs: number; [field: string]: unknown }) {
  return { source, symbol: 'X', timeframe: 'm1', ...of }
}

function byPlace(
  a: { symbol: string; dateTimeUs: number },
  b: { symbol: string; dateTimeUs: number },
): number {
  return a.dateTimeUs - b.dateTimeUs || (a.symbol < b.symbol ? -1 : 1)
}
