import { beforeEach, describe, expect, test } from 'vitest'
import { CatalogUnavailable, CommitRejected } from '../../lib/iceberg/errors.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Query, QueryOptions } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { type RollupServices, rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { QueryFailed, TrinoRefused, TrinoUnavailable } from '../../lib/trino/errors.ts'
import { CountingStore } from '../support/countingStore.ts'
import { faultyCatalog } from '../support/faultyCatalog.ts'
import { outOfMemory } from '../support/minutesOfCalls.ts'
import { type Asked, addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { candle, storeCandles } from '../support/storeCandles.ts'
import { newWorld, type World } from '../support/world.ts'

const MINUTE_MS = 60_000
/** An hour that has to do with none of the others but by its day. */
const BAD = '2026-02-28T05'
const OTHERS = ['2026-02-27T01', '2026-02-28T04', '2026-02-28T06']
const inHour = (hour: string) => `${hour}:00:00`
const startOf = (hour: string) => Date.parse(`${hour}:00Z`) / 1_000

let world: World
/** What Trino was asked for the backlog: in how many hours, shares, and whether the bad one was among them. */
let asked: { hours: number; shares: number; isBad: boolean }[]
beforeEach(async () => {
  world = await newWorld()
  asked = []
})

const covers = ({ stretches }: Asked, second: number) =>
  stretches.some(({ fromSeconds, toSeconds }) => fromSeconds <= second && second < toSeconds)

/** The services with a Trino that cannot read the bad hour. */
function services(failure: () => Error): RollupServices {
  return withTrino(world, each => {
    if (!each.isBacklog) return
    const isBad = covers(each, startOf(BAD))
    asked.push({ hours: each.hours, shares: each.shares, isBad })
    if (isBad) throw failure()
  })
}
const lostFile = () => {
  const message = 'Error opening Iceberg split: no such file'
  return new QueryFailed('q', { errorName: 'ICEBERG_CANNOT_OPEN_SPLIT', errorType: 'EXTERNAL', message })
}
const brokenFile = () => {
  const message = 'Index 7 out of bounds for length 7'
  return new QueryFailed('q', { errorName: 'GENERIC_INTERNAL_ERROR', errorType: 'INTERNAL_ERROR', message })
}

/** A call, and what it failed with; a minute passes. */
async function call(own: RollupServices): Promise<unknown> {
  const error = await rollupCandles(own, UNBOUNDED).then(
    () => undefined,
    (error: unknown) => error,
  )
  world.clock.nowMs += MINUTE_MS
  return error
}
const staleHours = async () =>
  [...(await stateOfCandles(world)).hours.stale.hours()].map(hour =>
    new Date(hour * 3_600_000).toISOString().slice(0, 13),
  )

test('of hours that differ in too many minutes, smaller rounds follow until all are done', async () => {
  await addTicks(world, [...OTHERS, BAD].map(inHour))
  const rounds: number[] = []
  const trino = withTrino(world, each => {
    if (each.isBacklog) rounds.push(each.hours)
  })
  const query: Query = {
    async rows<Row>(sql: string, options?: QueryOptions): Promise<Row[]> {
      const rows = await trino.query.rows<Row>(sql, options)
      return rounds.at(-1)! > 1 ? new Array<Row>(120_000).fill(rows[0]!) : rows
    },
  }
  expect(await call({ ...trino, query })).toBeUndefined()
  expect(rounds.slice(0, 3)).toEqual([4, 2, 1])
  expect(rounds.filter(hours => hours === 1)).toHaveLength(4)
  expect(await staleHours()).toEqual([])
})

describe('an hour that Trino cannot read', () => {
  test.each([
    ['a file of it is lost', lostFile, 'QUERY_FAILED'],
    ['a file of it is broken', brokenFile, 'QUERY_FAILED'],
    ['no share of it fits into memory', outOfMemory, 'QUERY_FAILED'],
  ])(
    'is left stale when %s; the others are done in the same call, and then it fails',
    async (_, failure, code) => {
      await addTicks(world, [...OTHERS, BAD].map(inHour))
      expect(await call(services(failure))).toMatchObject({ code })
      expect(await staleHours()).toEqual([BAD])
      expect((await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')).toHaveLength(3)
    },
  )

  test('is tried again by each call, and done when it can be read', async () => {
    await addTicks(world, [BAD].map(inHour))
    for (let i = 0; i < 3; i++) expect(await call(services(lostFile))).toMatchObject({ code: 'QUERY_FAILED' })
    expect(asked).toHaveLength(3)
    expect(await call(withTrino(world))).toBeUndefined()
    expect(await staleHours()).toEqual([])
  })

  test('comes last from then on, as it may take all the time that a call has', async () => {
    const own = services(lostFile)
    await addTicks(world, [BAD].map(inHour))
    await call(own)
    await addTicks(world, ['2026-02-20T01', '2026-02-28T06'].map(inHour))
    asked = []
    await call(own)
    expect(asked.map(({ isBad }) => isBad)).toEqual([false, true])
  })

  test('keeps no hour that becomes stale later from being done', async () => {
    const own = services(lostFile)
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    await call(own)
    for (const hour of ['2026-02-20T01', '2026-02-28T07', '2026-02-28T06']) {
      await addTicks(world, [inHour(hour)])
      await call(own)
      expect(await staleHours()).toEqual([BAD])
    }
  })

  test('keeps no hour from being done where it is owed or damaged', async () => {
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    await call(withTrino(world))
    const [fromUs, toUs] = [startOf(BAD), startOf('2026-02-28T06')].map(seconds => seconds * 1_000_000)
    await markRanges(world.services, [{ fromUs: fromUs!, toUs: toUs! }])
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    expect(await call(services(lostFile))).toMatchObject({ code: 'QUERY_FAILED' })
    expect(await staleHours()).toEqual([BAD])
    const { damaged } = (await stateOfCandles(world)).hours
    expect([...damaged.hours()]).toEqual([startOf(BAD) / 3_600])
  })

  test('is not tried in shares where it does not fail by its size, nor is another one then', async () => {
    await addTicks(world, [BAD].map(inHour))
    await call(services(lostFile))
    await addTicks(world, OTHERS.map(inHour))
    await call(services(lostFile))
    expect(asked.map(({ shares }) => shares).every(shares => shares === 1)).toBe(true)
  })

  test('is tried in up to 256 shares where it may be too large, and the others are done whole again', async () => {
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    await call(services(outOfMemory))
    const alone = asked.filter(({ hours, isBad }) => isBad && hours === 1)
    expect(alone.map(({ shares }) => shares)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256])
    const others = asked.slice(asked.indexOf(alone.at(-1)!) + 1)
    expect(others.map(({ shares }) => shares)).toEqual([1, 1, 1].slice(0, others.length))
    expect(others.length).toBeGreaterThan(0)
  })
})

describe('a failure that is not that of some hours', () => {
  test.each([
    ['Trino refuses the login', () => new TrinoRefused('http://trino', 401)],
    ['Trino is away', () => new TrinoUnavailable('http://trino', 'no answer')],
    [
      'Trino has no node',
      () =>
        new QueryFailed('q', {
          errorName: 'NO_NODES_AVAILABLE',
          errorType: 'INSUFFICIENT_RESOURCES',
          message: 'No nodes available to run query',
        }),
    ],
  ])('ends the call at once: %s', async (_, failure) => {
    const thrown = failure()
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    expect(await call(services(() => thrown))).toBe(thrown)
    expect(asked).toHaveLength(1)
  })

  test.each([
    ['a commit is rejected', () => new CommitRejected('no')],
    ['the catalog is away', () => new CatalogUnavailable('no answer')],
  ])('ends the call at once: %s', async (_, failure) => {
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    const thrown = failure()
    // The first commit is the live one.
    const catalog = faultyCatalog(
      world.catalog,
      commit => commit(),
      () => Promise.reject(thrown),
    )
    expect(await call({ ...services(lostFile), ...withTrino(world), catalog })).toBe(thrown)
  })

  test('ends the call at once: the ticks were rolled back meanwhile', async () => {
    const empty = await world.catalog.loadTable({ namespace: 'market_data', name: 'stock_ticks' })
    await addTicks(world, [...OTHERS, BAD].map(inHour))
    let loads = 0
    const catalog = {
      ...faultyCatalog(world.catalog),
      loadTable: async (ident: typeof empty.ident) => {
        const table = await world.catalog.loadTable(ident)
        const isOld = ident.name === empty.ident.name && ++loads > 2
        return isOld ? { ...table, metadata: empty.metadata } : table
      },
    }
    expect(await call({ ...services(lostFile), catalog })).toMatchObject({ code: 'TICKS_GONE' })
    expect(asked).toEqual([])
  })
})

test('hours whose stored candles are lost are left stale, and those of other months are done', async () => {
  await addTicks(world, ['2026-01-15T05:00:00', '2026-02-28T05:00:00'])
  await call(withTrino(world))
  const { store } = world.services
  const files = await planFiles(store, await world.catalog.loadTable(CANDLES_TABLE))
  const monthOf = (text: string) => (Number(text.slice(0, 4)) - 1970) * 12 + Number(text.slice(5, 7)) - 1
  const [lost] = files.filter(
    ({ partition }) => partition.timeframe === 'h1' && partition.date_time_month === monthOf('2026-01'),
  )
  await store.remove(lost!.path)
  await addTicks(world, ['2026-01-15T05:00:01', '2026-02-28T05:00:01'])
  const cold = { ...withTrino(world), store: new CountingStore(store) }
  expect(await call(cold)).toMatchObject({ code: 'OBJECT_MISSING' })
  expect(await staleHours()).toEqual(['2026-01-15T05'])
})

test('a lost file of candles that is merely small and beside those that change stays; live candles go on', async () => {
  await storeCandles(world, [candle(0, 1)], [candle(600, 1)])
  const m1Files = async () => {
    const files = await planFiles(world.services.store, await world.catalog.loadTable(CANDLES_TABLE))
    return files.filter(({ partition }) => partition.timeframe === 'm1').map(({ path }) => path)
  }
  const [, lost] = await m1Files()
  await world.services.store.remove(lost!)
  await addTicks(world, ['2026-03-01T12:00:01'])
  expect(await call(withTrino(world))).toBeUndefined()
  expect(await m1Files()).toContain(lost)
  expect(await m1Files()).toHaveLength(2)
})
