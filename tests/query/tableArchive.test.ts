import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FileUnsupported } from '../../lib/iceberg/errors.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { type Candle, candleId } from '../../lib/market/candle.ts'
import { DAY_US, MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, timeframeOf } from '../../lib/market/timeframe.ts'
import type { CandleStretch } from '../../lib/query/candleArchive.ts'
import { newestMinute } from '../../lib/query/readCandlePage.ts'
import { type ReadLimits, TableArchive } from '../../lib/query/tableArchive.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { candle, withMonths } from '../support/candles.ts'
import { appendCandles, partitionedBy } from '../support/candleTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { mergeFiles } from '../support/foreignEngine.ts'
import { newWorld, type World } from '../support/world.ts'

const START_US = Date.UTC(2026, 0, 1) * 1000
const EVER = { fromUs: Date.UTC(1800, 0) * 1000, toUs: Date.UTC(2200, 0) * 1000 }
const OF_X = { source: 'S', symbol: 'X', timeframe: 'm1', ...EVER }

/** A table in memory, and an archive over it that counts what it reads. */
async function tableWorld(limits: Partial<ReadLimits> = {}) {
  const world = await newWorld()
  const store = new CountingStore(world.services.store)
  const clock = { nowMs: 0 }
  const services = { catalog: world.services.catalog, store, nowMs: () => clock.nowMs }
  const archive = new TableArchive(services, limits)
  /** The newest commit; reads are counted from here on. */
  const look = async () => {
    clock.nowMs += 1_000
    store.dataFilesRead.splice(0)
    return archive.current()
  }
  return { world, store, clock, archive, look }
}

const filesOf = async ({ catalog, services: { store } }: World) =>
  planFiles(store, await catalog.loadTable(CANDLES_TABLE))

/** A candle of each minute of a range. */
function minutes(from: number, to: number, of: Partial<Candle> = {}): Candle[] {
  return Array.from({ length: to - from }, (_, i) =>
    candle({ dateTimeUs: START_US + (from + i) * MINUTE_US, volume: from + i, ...of }),
  )
}

const volumes = (candles: readonly Candle[]) => candles.map(({ volume }) => volume)

const byTime = (a: Candle, b: Candle) => a.dateTimeUs - b.dateTimeUs
const bySymbol = (a: Candle, b: Candle) =>
  compared(a.source, b.source) || compared(a.symbol, b.symbol) || byTime(a, b)
const compared = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The candles that a search must find, by a scan of all rows. */
function expected(rows: readonly Candle[], stretch: CandleStretch, limit: number): Candle[] {
  const { source, symbol, timeframe, fromUs, toUs } = stretch
  return rows
    .filter(row => row.source === source && row.symbol === symbol && row.timeframe === timeframe)
    .filter(({ dateTimeUs }) => dateTimeUs >= fromUs && dateTimeUs < toUs)
    .toSorted((a, b) => b.dateTimeUs - a.dateTimeUs)
    .slice(0, limit)
}

const NAMES = ['A', '\u{1f600}', '\ufb01', 'a name of more than 16 letters']
/** Minutes mostly of the same hours, so that rows of one symbol lie in several files and row groups. */
const minute = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
  fc.integer({ min: -90_000, max: 90_000 }),
)
const row = fc.record({
  source: fc.constantFrom('S', 'S', 'S', 'S2'),
  symbol: fc.constantFrom(...NAMES),
  timeframe: fc.constantFrom('m1', 'm1', 'm1', 'h1', 'W1', 'M1', 'removed_m1'),
  minute,
  closed: fc.boolean(),
})
const file = fc.record({
  rows: fc.array(row, { minLength: 40, maxLength: 120 }),
  order: fc.constantFrom<((a: Candle, b: Candle) => number) | undefined>(byTime, bySymbol, undefined),
  groupRows: fc.constantFrom(undefined, 8, 25),
  /** Every nth row of a file is deleted, but for monthly candles. */
  deleteEvery: fc.constantFrom(undefined, 2, 5),
})
const question = fc.record({
  source: fc.constantFrom('S', 'S', 'S', 'S2'),
  symbol: fc.constantFrom(...NAMES),
  timeframe: fc.constantFrom('m1', 'm1', 'm1', 'h1', 'W1', 'M1'),
  from: minute,
  minutes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 180_000 })),
  limit: fc.integer({ min: 1, max: 20 }),
})

type Made<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never

function candleOf({ minute, timeframe, ...of }: Made<typeof row>, n: number): Candle {
  const grid = timeframeOf(timeframe.replace('removed_', ''))
  return candle({ ...of, timeframe, volume: n, dateTimeUs: bucketStart(grid, START_US + minute * MINUTE_US) })
}

/** Commits the file, then the deletions. Returns the rows that are left. New months of symbols get their monthly candles. */
async function store(
  world: World,
  { rows: made, order, groupRows, deleteEvery }: Made<typeof file>,
  number: number,
  isNew: (one: Candle) => boolean,
): Promise<Candle[]> {
  const candles = made.map((one, n) => candleOf(one, 1_000 * number + n)).filter(isNew)
  const there = candles.filter(({ timeframe }) => !timeframe.startsWith('removed_'))
  const months = withMonths(there).filter(one => one.timeframe === 'M1' && isNew(one))
  const rows = [...candles, ...months]
  if (rows.length === 0) return []
  const before = new Set((await filesOf(world)).map(({ path }) => path))
  await appendCandles(world, [{ rows: order ? rows.toSorted(order) : rows, groupRows }])
  if (deleteEvery === undefined) return rows
  const gone = new Set<string>()
  for (const one of await filesOf(world)) {
    const stored = before.has(one.path) ? [] : await readCandles(world.services.store, one)
    // A symbol without its monthly candle is not looked for everywhere.
    const places = stored.flatMap(({ timeframe }, i) =>
      i % deleteEvery === 0 && timeframe !== 'M1' ? [i] : [],
    )
    if (places.length > 0) await deleteRows(world.services, CANDLES_TABLE, [{ file: one, places }])
    for (const i of places) gone.add(candleId(stored[i]!))
  }
  return rows.filter(one => !gone.has(candleId(one)))
}

describe('candles of the table, read from its files', () => {
  test('are those that a filter of all rows gives, however rows are ordered, grouped and deleted', async () => {
    const limits = fc.record({
      searchRows: fc.constantFrom(0, 100, 1e9),
      keptBytes: fc.constantFrom(20_000, 1e9),
    })
    const files = fc.array(file, { minLength: 2, maxLength: 5 })
    const questions = fc.array(question, { minLength: 8, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(files, questions, limits, async (files, questions, limits) => {
        const { world, archive } = await tableWorld({ ...limits, wholeBytes: 0 })
        const seen = new Set<string>()
        const isNew = (one: Candle) => seen.size < seen.add(candleId(one)).size
        const rows: Candle[] = []
        for (const [i, one] of files.entries()) rows.push(...(await store(world, one, i, isNew)))
        const snapshot = await archive.current()
        for (const { from, minutes, limit, ...of } of questions) {
          const fromUs = START_US + from * MINUTE_US
          const stretch = { ...of, fromUs, toUs: fromUs + minutes * MINUTE_US }
          expect(await snapshot.newest(stretch, limit)).toEqual(expected(rows, stretch, limit))
          const ever = { ...of, ...EVER }
          expect(await snapshot.newest(ever, 1_000)).toEqual(expected(rows, ever, 1_000))
        }
        const text = ({ source, symbol }: Pick<Candle, 'source' | 'symbol'>) => `${source} ${symbol}`
        const monthly = rows.filter(({ timeframe }) => timeframe === 'M1')
        const listed = (await snapshot.symbols()).map(text)
        expect(listed.toSorted()).toEqual([...new Set(monthly.map(text))].toSorted())
      }),
      { numRuns: 30 },
    )
  })

  test('of a file with 100 row groups, one of 10 symbols: its footer is read, and one row group', async () => {
    const { world, store, look } = await tableWorld({ wholeBytes: 0 })
    const symbols = Array.from({ length: 10 }, (_, i) => `X${i}`)
    const rows = symbols.flatMap(symbol => minutes(0, 1_000, { symbol }))
    await appendCandles(world, [{ rows, groupRows: 100 }])
    const snapshot = await look()
    const found = await snapshot.newest({ ...OF_X, symbol: 'X4' }, 50)
    expect(volumes(found)).toEqual(Array.from({ length: 50 }, (_, i) => 999 - i))
    expect(store.dataFilesRead).toHaveLength(2)
    await snapshot.newest({ ...OF_X, symbol: 'X4', toUs: START_US + 350 * MINUTE_US }, 50)
    expect(store.dataFilesRead).toHaveLength(3)
  })

  test('of 50 symbols asked for at once: the file that holds them all is read once', async () => {
    const { world, store, look } = await tableWorld()
    const symbols = Array.from({ length: 50 }, (_, i) => `X${i}`)
    const rows = symbols.flatMap(symbol => minutes(0, 20, { symbol })).toSorted(byTime)
    await appendCandles(world, [{ rows }])
    const snapshot = await look()
    const found = await Promise.all(symbols.map(symbol => snapshot.newest({ ...OF_X, symbol }, 500)))
    expect(found.map(({ length }) => length)).toEqual(symbols.map(() => 20))
    expect(store.dataFilesRead).toHaveLength(1)
  })

  test('are in memory after a commit that adds a file: only that one is read', async () => {
    const { world, store, look } = await tableWorld()
    for (let i = 0; i < 3; i++) await appendCandles(world, [{ rows: minutes(100 * i, 100 * (i + 1)) }])
    expect(await (await look()).newest(OF_X, 500)).toHaveLength(300)
    expect(store.dataFilesRead).toHaveLength(3)
    await appendCandles(world, [{ rows: minutes(300, 301) }])
    expect(volumes(await (await look()).newest(OF_X, 2))).toEqual([300, 299])
    expect(store.dataFilesRead).toHaveLength(1)
  })

  test('that others delete are gone in the next snapshot, and symbols without a monthly candle with them', async () => {
    const { world, look } = await tableWorld({ wholeBytes: 0 })
    await appendCandles(world, [{ rows: withMonths([...minutes(0, 9), ...minutes(0, 1, { symbol: 'Y' })]) }])
    const before = await look()
    expect(await before.newest(OF_X, 500)).toHaveLength(9)
    expect(await before.symbols()).toHaveLength(2)
    for (const file of await filesOf(world)) {
      const rows = await readCandles(world.services.store, file)
      const isGone = (one: Candle) => one.symbol === 'Y' || (one.timeframe === 'm1' && one.volume > 5)
      const places = rows.flatMap((one, i) => (isGone(one) ? [i] : []))
      await deleteRows(world.services, CANDLES_TABLE, [{ file, places }])
    }
    const after = await look()
    expect(volumes(await after.newest(OF_X, 500))).toEqual([5, 4, 3, 2, 1, 0])
    expect((await after.symbols()).map(({ symbol }) => symbol)).toEqual(['X'])
    expect(await before.newest(OF_X, 500)).toHaveLength(9)
  })

  test('of a snapshot that another engine expired meanwhile are to be asked for again; the next look has them', async () => {
    const { world, look } = await tableWorld()
    for (let i = 0; i < 2; i++) await appendCandles(world, [{ rows: minutes(100 * i, 100 * (i + 1)) }])
    const snapshot = await look()
    const [before, replaced] = [await world.catalog.loadTable(CANDLES_TABLE), await filesOf(world)]
    await mergeFiles(world, CANDLES_TABLE, replaced, true)
    for (const { path } of replaced) await world.services.store.remove(path)
    await expect(snapshot.newest(OF_X, 500)).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
    const gone = before.metadata.snapshots.map(({ snapshotId }) => snapshotId)
    await world.catalog.commit(CANDLES_TABLE, [], [{ action: 'remove-snapshots', snapshotIds: gone }])
    await expect(snapshot.newest(OF_X, 500)).rejects.toMatchObject({
      code: 'FILES_REPLACED',
      retryable: true,
    })
    expect(await (await look()).newest(OF_X, 500)).toHaveLength(200)
  })

  test('are read again when more was read since than is kept', async () => {
    const { world, store, look } = await tableWorld({ keptBytes: 10_000 })
    for (const symbol of ['X', 'Y']) await appendCandles(world, [{ rows: minutes(0, 100, { symbol }) }])
    const snapshot = await look()
    for (const symbol of ['X', 'X', 'Y', 'X']) await snapshot.newest({ ...OF_X, symbol }, 500)
    expect(store.dataFilesRead).toHaveLength(3)
  })

  test('of a symbol with 36 candles in 55 years, among another of 660 months, cost a read a month that has one', async () => {
    const { world, store, look } = await tableWorld()
    const month = (i: number) => Date.UTC(1971, i) * 1000
    const all = Array.from({ length: 660 }, (_, i) => candle({ symbol: 'W', dateTimeUs: month(i) }))
    const sparse = Array.from({ length: 36 }, (_, i) => candle({ dateTimeUs: month(i * 18) }))
    // One after the other in the names' order: the bounds of the shared months say nothing.
    const others = sparse.map(one => ({ ...one, symbol: 'Y' }))
    await appendCandles(world, [{ rows: withMonths([...all, ...sparse, ...others]) }])
    const snapshot = await look()
    await snapshot.symbols()
    store.dataFilesRead.splice(0)
    const { candles, restUs } = await snapshot.search(OF_X, 500)
    expect(candles).toEqual(sparse.toReversed())
    expect(restUs).toBeUndefined()
    expect(store.dataFilesRead.length).toBeLessThanOrEqual(36)
  })

  test('of a symbol that is everywhere by the bounds: its months are looked up, and the other months not read', async () => {
    const { world, store, look } = await tableWorld()
    const month = (i: number) => Date.UTC(2000, i) * 1000
    const around = Array.from({ length: 100 }, (_, i) =>
      ['W', 'Y'].map(symbol => candle({ symbol, dateTimeUs: month(i) })),
    ).flat()
    const sparse = [3, 50].map(i => candle({ dateTimeUs: month(i) }))
    await appendCandles(world, [{ rows: withMonths([...around, ...sparse]) }])
    const snapshot = await look()
    await snapshot.symbols()
    store.dataFilesRead.splice(0)
    expect(await snapshot.newest(OF_X, 500)).toEqual(sparse.toReversed())
    expect(store.dataFilesRead.length).toBeLessThan(10)
  })

  test('a week is found that began in the month before the first ticks', async () => {
    const { world, look } = await tableWorld()
    const monday = Date.UTC(2026, 1, 23) * 1000
    const weeks = Array.from({ length: 100 }, (_, i) => {
      const dateTimeUs = bucketStart(timeframeOf('W1'), monday - i * 31 * DAY_US)
      return ['W', 'Y'].map(symbol => candle({ symbol, timeframe: 'W1', dateTimeUs }))
    }).flat()
    const own = candle({
      timeframe: 'W1',
      dateTimeUs: bucketStart(timeframeOf('W1'), Date.UTC(2020, 6, 1) * 1000),
    })
    const july = candle({ timeframe: 'M1', dateTimeUs: Date.UTC(2020, 6, 1) * 1000 })
    await appendCandles(world, [{ rows: [...weeks, own, july] }])
    expect(new Date(own.dateTimeUs / 1000).getUTCMonth()).toBe(5)
    expect(await (await look()).newest({ ...OF_X, timeframe: 'W1' }, 500)).toEqual([own])
  })

  test('the newest minute of a symbol is found that has been quiet while others filled more than one search looks through', async () => {
    const { world, look } = await tableWorld({ searchRows: 150 })
    const coarser = (one: Candle) =>
      (['h1', 'D1', 'M1'] as const).map(timeframe => {
        return { ...one, timeframe, dateTimeUs: bucketStart(timeframeOf(timeframe), one.dateTimeUs) }
      })
    const own = minutes(30, 31)
    await appendCandles(world, [{ rows: [...own, ...own.flatMap(coarser)] }])
    for (let i = 0; i < 10; i++) {
      const around = ['W', 'Y'].flatMap(symbol => minutes(100 * i, 100 * (i + 1), { symbol }))
      await appendCandles(world, [{ rows: around.toSorted(byTime) }])
    }
    const snapshot = await look()
    expect((await snapshot.search(OF_X, 1)).candles).toEqual([])
    expect(await newestMinute(snapshot, OF_X)).toBe(own[0]!.dateTimeUs)
    expect(await newestMinute(snapshot, { ...OF_X, symbol: 'Z' })).toBeUndefined()
  })

  test('a search ends after so many rows, and says where it goes on', async () => {
    const { world, store, look } = await tableWorld({ searchRows: 150 })
    for (let i = 0; i < 10; i++) await appendCandles(world, [{ rows: minutes(100 * i, 100 * (i + 1)) }])
    const snapshot = await look()
    const { candles, restUs } = await snapshot.search(OF_X, 5_000)
    expect(store.dataFilesRead).toHaveLength(2)
    expect(volumes(candles)).toEqual(Array.from({ length: 200 }, (_, i) => 999 - i))
    expect(restUs).toBe(START_US + 799 * MINUTE_US + 1)
    expect(volumes(await snapshot.newest(OF_X, 5_000))).toEqual(
      Array.from({ length: 1_000 }, (_, i) => 999 - i),
    )
  })

  test('of 60 files that all overlap are found by reading each file twice at most, however little one search may do', async () => {
    const { world, store, look } = await tableWorld({ searchRows: 50, keptBytes: 0 })
    const rows = minutes(0, 600)
    const overlapping = Array.from({ length: 60 }, (_, i) => ({
      rows: rows.filter(({ volume }) => volume % 60 === i),
    }))
    await appendCandles(world, overlapping)
    await appendCandles(world, [{ rows: withMonths([rows[0]!]).slice(1) }])
    const snapshot = await look()
    await snapshot.symbols()
    store.dataFilesRead.splice(0)
    expect(await snapshot.newest(OF_X, 5_000)).toHaveLength(600)
    expect(store.dataFilesRead.length).toBeLessThanOrEqual(120)
  })

  test('of all timeframes in one file, as others may partition the table: removed candles are not among them', async () => {
    const { world, clock } = await tableWorld()
    const catalog = partitionedBy(world.services.catalog, [])
    const { store } = world.services
    const rows = withMonths(minutes(0, 3)).slice(0, 4)
    const removed = rows.map(one => ({ ...one, timeframe: `removed_${one.timeframe}`, symbol: 'GONE' }))
    await appendCandles(world, [{ rows: minutes(3, 4) }])
    await appendCandles({ ...world, catalog }, [{ rows: [...rows, ...removed] }])
    expect(await planFiles(store, await catalog.loadTable(CANDLES_TABLE))).toHaveLength(2)
    const snapshot = await new TableArchive({ catalog, store, nowMs: () => clock.nowMs }).current()
    expect(volumes(await snapshot.newest(OF_X, 500))).toEqual([3, 2, 1, 0])
    expect(await snapshot.newest({ ...OF_X, symbol: 'GONE' }, 500)).toEqual([])
    expect((await snapshot.symbols()).map(({ symbol }) => symbol)).toEqual(['X'])
  })

  test('that others may have deleted by their values are an error that names the file; other files are read', async () => {
    const { world, look } = await tableWorld()
    await appendCandles(world, [{ rows: minutes(0, 3) }])
    await appendCandles(world, [{ rows: minutes(0, 3, { timeframe: 'm5' }) }])
    const file = (await filesOf(world)).find(({ partition }) => partition.timeframe === 'm1')!
    await deleteRows(world.services, CANDLES_TABLE, [{ file, places: [0] }], { byEquality: true })
    const snapshot = await look()
    const failing = snapshot.newest(OF_X, 500)
    await expect(failing).rejects.toThrow(FileUnsupported)
    await expect(failing).rejects.toThrow(file.path)
    expect(await snapshot.newest({ ...OF_X, timeframe: 'm5' }, 500)).toHaveLength(3)
  })
})

describe('the newest commit', () => {
  /** The archive of a catalog that counts what it is asked, and can be away. */
  async function countedWorld() {
    const { world, clock } = await tableWorld()
    const state = { loads: 0, isAway: false }
    const { catalog, store } = world.services
    const counting: typeof catalog = Object.create(catalog, {
      loadTable: {
        value: async (...of: Parameters<typeof catalog.loadTable>) => {
          state.loads++
          if (state.isAway) throw new Error('away')
          return catalog.loadTable(...of)
        },
      },
    })
    const archive = new TableArchive({ catalog: counting, store, nowMs: () => clock.nowMs })
    return { world, clock, archive, state }
  }

  test('is asked for once a second, however many look, and after the clock was set back; given as it is while nothing is committed', async () => {
    const { archive, clock, state } = await countedWorld()
    const seen = await Promise.all(Array.from({ length: 50 }, () => archive.current()))
    expect(new Set(seen).size).toBe(1)
    clock.nowMs += 999
    expect(await archive.current()).toBe(seen[0])
    expect(state.loads).toBe(1)
    clock.nowMs += 1
    expect(await archive.current()).toBe(seen[0])
    expect(state.loads).toBe(2)
    clock.nowMs -= 3_600_000
    await archive.current()
    expect(state.loads).toBe(3)
  })

  test('is seen within a second, with what the table says of itself', async () => {
    const { archive, clock, world } = await countedWorld()
    const before = await archive.current()
    await appendCandles(world, [{ rows: minutes(0, 1) }])
    expect(await archive.current()).toBe(before)
    clock.nowMs += 1_000
    const after = await archive.current()
    expect(after.id).not.toBe(before.id)
    expect(after.state.hours.stale.size).toBe(0)
    expect(await before.newest(OF_X, 1)).toEqual([])
    expect(await after.newest(OF_X, 1)).toHaveLength(1)
  })

  test('is not waited for twice while the catalog is slow, and asked for again a second after it failed', async () => {
    const { archive, clock, state } = await countedWorld()
    state.isAway = true
    const first = archive.current()
    clock.nowMs += 5_000
    expect(archive.current()).toBe(first)
    await expect(first).rejects.toThrow('away')
    state.isAway = false
    expect((await archive.current()).id).toBeTypeOf('string')
    expect(state.loads).toBe(2)
  })
})
