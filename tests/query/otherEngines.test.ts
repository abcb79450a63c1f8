import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { PartitionSpec } from '../../lib/iceberg/schema.ts'
import { compareText } from '../../lib/iceberg/text.ts'
import { type Candle, candleId } from '../../lib/market/candle.ts'
import { MINUTE_US } from '../../lib/market/time.ts'
import {
  bucketEnd,
  bucketStart,
  TIMEFRAMES,
  type TimeframeName,
  timeframeOf,
} from '../../lib/market/timeframe.ts'
import type { CandleSnapshot } from '../../lib/query/candleArchive.ts'
import { newestMinute, readCandlePage } from '../../lib/query/readCandlePage.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import type { CandlesRequest } from '../../lib/requests/candlesRequest.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { candle } from '../support/candles.ts'
import { appendCandles } from '../support/candleTable.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { appendByOthers, type Habits } from '../support/otherEngines.ts'
import { newWorld, type World } from '../support/world.ts'

const START_US = Date.UTC(2026, 0, 1) * 1000
const NAMES = [
  ...[
    'A',
    'B',
    '\ufeffA',
    '\ufeff',
    '\u{1f600}',
    '\u{1f601}',
    '\ufb01',
    '\uffff',
    '\ud7ff',
    '\ue000',
    '\u{10ffff}',
  ],
  ...['a name of more than 16 letters', 'a name of more than 16 letters, too', `${'\u{10ffff}'.repeat(20)}x`],
  ...['\u00e9', 'e\u0301', 'zero\0byte', 'zero\0', '\ufffd', '\u{1f600}'.repeat(64), ' '],
]
const SPECS: PartitionSpec['fields'][] = [
  [],
  [{ sourceId: 3, fieldId: 1000, name: 'timeframe', transform: 'identity' }],
  [{ sourceId: 2, fieldId: 1002, name: 'symbol_bucket', transform: 'bucket[3]' }],
  [
    { sourceId: 2, fieldId: 1003, name: 'symbol_trunc', transform: 'truncate[1]' },
    { sourceId: 4, fieldId: 1004, name: 'date_time_day', transform: 'day' },
  ],
  [{ sourceId: 4, fieldId: 1005, name: 'date_time_year', transform: 'year' }],
  [{ sourceId: 2, fieldId: 1006, name: 'symbol', transform: 'identity' }],
]

const names = TIMEFRAMES.map(({ name }) => name)
const minute = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: -90_000, max: 90_000 }) },
  // Before 1970, and as far as candles reach.
  fc.constantFrom(-29_500_000, -29_454_241, -120_000_000, 100_000_000),
)
const timeframe = fc.oneof(
  { weight: 3, arbitrary: fc.constant<TimeframeName>('m1') },
  fc.constantFrom(...names),
)
const row = fc.record({
  source: fc.constantFrom('S', 'S', 'S', '\ufeffS'),
  symbol: fc.constantFrom(...NAMES),
  timeframe,
  minute,
  isRemoved: fc.constantFrom(false, false, false, true),
  closed: fc.boolean(),
})
const habits: fc.Arbitrary<Habits> = fc.record({
  codec: fc.constantFrom('UNCOMPRESSED', 'SNAPPY', 'ZSTD', 'GZIP'),
  isPlain: fc.boolean(),
  timeUnit: fc.constantFrom('MILLIS', 'MICROS', 'NANOS'),
  isWide: fc.boolean(),
  columnOrder: fc.array(fc.nat(20), { minLength: 13, maxLength: 13 }),
  hasMoreColumns: fc.boolean(),
  isNullable: fc.boolean(),
  hasStatistics: fc.boolean(),
  textLength: fc.constantFrom(1, 2, 4, 16, 1000),
  groupRows: fc.constantFrom(1, 3, 10, 1_000),
  pageBytes: fc.constantFrom(20, 200, 1e6),
  splitOffsets: fc.constantFrom('right', 'missing', 'none'),
  unbounded: fc.subarray([1, 2, 3, 4]),
})
const file = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 60 }),
  order: fc.constantFrom('asMade', 'byTime', 'bySymbol', 'backwards'),
  habits: fc.option(habits),
  /** 0 is the table's own. */
  spec: fc.oneof(fc.constant(0), fc.nat(SPECS.length)),
  deleteEvery: fc.constantFrom(undefined, undefined, 2, 5),
  isVague: fc.boolean(),
})
const question = fc.record({
  source: fc.constantFrom('S', 'S', 'S', '\ufeffS'),
  symbol: fc.constantFrom(...NAMES),
  timeframe,
  from: fc.option(minute),
  to: fc.option(minute),
  /** Microseconds off the bucket's edge. */
  off: fc.constantFrom(0, 0, 1, -1),
  limit: fc.constantFrom(1, 2, 7, 5_000),
})

type Made<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never

function candleOf({ minute, timeframe, isRemoved, ...of }: Made<typeof row>, n: number): Candle {
  const dateTimeUs = bucketStart(timeframeOf(timeframe), START_US + minute * MINUTE_US)
  return candle({
    ...of,
    ...{ timeframe: isRemoved ? `removed_${timeframe}` : timeframe, dateTimeUs, volume: n, revision: n },
    updatedAtUs: 1_700_000_000_000_000 + n * 1_000,
  })
}

const ORDERS: Record<string, ((a: Candle, b: Candle) => number) | undefined> = {
  byTime: (a, b) => a.dateTimeUs - b.dateTimeUs,
  backwards: (a, b) => b.dateTimeUs - a.dateTimeUs,
  bySymbol: (a, b) =>
    compareText(a.source, b.source) || compareText(a.symbol, b.symbol) || a.dateTimeUs - b.dateTimeUs,
}

const COARSER: readonly TimeframeName[] = ['h1', 'D1', 'M1']

/** As the rollup always has them beside a candle, as far as a search goes by them. */
function coarser(one: Candle): Candle[] {
  return COARSER.map(timeframe => {
    return { ...one, timeframe, dateTimeUs: bucketStart(timeframeOf(timeframe), one.dateTimeUs) }
  })
}

/** Commits a file, and deletes some of its rows in another commit; gives the rows that are left. */
async function store(
  world: World,
  of: Made<typeof file>,
  number: number,
  isNew: (one: Candle) => boolean,
): Promise<Candle[]> {
  const candles = of.rows.map((one, n) => candleOf(one, 1_000 * number + n)).filter(isNew)
  const there = candles.filter(({ timeframe }) => !timeframe.startsWith('removed_'))
  const made = [...candles, ...there.flatMap(coarser).filter(isNew)]
  const order = ORDERS[of.order]
  const rows = order === undefined ? made : made.toSorted(order)
  if (rows.length === 0) return []
  const catalog = inSpec(world.catalog, of.spec)
  const paths = async () => planFiles(world.services.store, await catalog.loadTable(CANDLES_TABLE))
  const before = new Set((await paths()).map(({ path }) => path))
  if (of.habits === null) await appendCandles({ ...world, catalog }, [{ rows }])
  else await appendByOthers({ ...world, catalog }, rows, of.habits)
  if (of.deleteEvery === undefined) return rows
  const gone = new Set<string>()
  for (const one of await paths()) {
    const stored = before.has(one.path) ? [] : await readCandles(world.services.store, one)
    const places = stored.flatMap((row, i) =>
      i % of.deleteEvery! === 0 && !COARSER.includes(row.timeframe as TimeframeName) ? [i] : [],
    )
    if (places.length > 0)
      await deleteRows({ ...world.services, catalog }, CANDLES_TABLE, [{ file: one, places }], {
        isVague: of.isVague,
      })
    for (const i of places) gone.add(candleId(stored[i]!))
  }
  return rows.filter(one => !gone.has(candleId(one)))
}

/** What a filter of all rows gives, newest first. */
function filtered(
  rows: readonly Candle[],
  { source, symbol, timeframe, fromUs, toUs }: CandlesRequest,
): Candle[] {
  return rows
    .filter(row => row.source === source && row.symbol === symbol && row.timeframe === timeframe)
    .filter(({ dateTimeUs }) => dateTimeUs >= (fromUs ?? -1e18) && dateTimeUs < (toUs ?? 1e18))
    .toSorted((a, b) => b.dateTimeUs - a.dateTimeUs)
}

/** All pages, newest first. */
async function readAll(snapshot: CandleSnapshot, request: CandlesRequest): Promise<Candle[]> {
  const all: Candle[] = []
  let toUs = request.toUs
  for (let pages = 0; ; pages++) {
    expect(pages).toBeLessThan(1_000)
    const { candles, olderUs } = await readCandlePage(snapshot, { ...request, toUs })
    expect(candles.length).toBeLessThanOrEqual(request.limit)
    all.push(...candles.toReversed())
    if (olderUs === undefined) return all
    expect(olderUs).toBeLessThan(toUs ?? Number.POSITIVE_INFINITY)
    toUs = olderUs
  }
}

describe('candles of a table that other engines write too', () => {
  test('are those that a filter of all rows gives, page by page, whatever the files are like', async () => {
    const limits = fc.record({
      searchRows: fc.constantFrom(0, 50, 1e9),
      keptBytes: fc.constantFrom(0, 20_000, 1e9),
      wholeBytes: fc.constantFrom(0, 2_000, 1e9),
    })
    const files = fc.array(file, { minLength: 1, maxLength: 5 })
    const questions = fc.array(question, { minLength: 10, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(files, questions, limits, async (files, questions, limits) => {
        const world = await newWorld()
        const seen = new Set<string>()
        const isNew = (one: Candle) => seen.size < seen.add(candleId(one)).size
        const rows: Candle[] = []
        for (const [i, one] of files.entries()) rows.push(...(await store(world, one, i, isNew)))
        const catalog = inSpec(world.catalog, 0)
        const snapshot = await new TableArchive({ ...world.services, catalog }, limits).current()
        for (const { from, to, off, ...of } of questions) {
          const grid = timeframeOf(of.timeframe)
          const at = (minutes: number) => bucketStart(grid, START_US + minutes * MINUTE_US) + off
          const fromUs = from === null ? undefined : at(from)
          const toUs = to === null ? undefined : bucketEnd(grid, at(to) - off) + off
          const request = { ...of, fromUs, toUs }
          expect(await readAll(snapshot, request)).toEqual(filtered(rows, request))
          const [newest] = filtered(rows, { ...request, timeframe: 'm1', fromUs: undefined, toUs: undefined })
          expect(await newestMinute(snapshot, request)).toBe(newest?.dateTimeUs)
        }
        const key = ({ source, symbol }: Pick<Candle, 'source' | 'symbol'>) => `${source} ${symbol}`
        const monthly = rows.filter(({ timeframe }) => timeframe === 'M1')
        const listed = (await snapshot.symbols()).map(key)
        expect(listed.toSorted()).toEqual([...new Set(monthly.map(key))].toSorted())
      }),
      { numRuns: 25 },
    )
  })
})

/** The catalog of a table whose partitioning others have changed several times: new files are of the spec of that number. */
function inSpec(catalog: Catalog, defaultSpecId: number): Catalog {
  const changed: Catalog = {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (...table) => catalog.createTable(...table),
    loadTable: async ident => {
      const table = await catalog.loadTable(ident)
      const { metadata } = table
      const added = SPECS.map((fields, i) => ({ specId: i + 1, fields }))
      const partitionSpecs = [...metadata.partitionSpecs, ...added]
      return { ...table, metadata: { ...metadata, defaultSpecId, partitionSpecs } }
    },
    commit: async (ident, requirements, updates) => {
      const met = requirements.filter(({ type }) => type !== 'assert-default-spec-id')
      await catalog.commit(ident, met, updates)
      return changed.loadTable(ident)
    },
  }
  return changed
}
