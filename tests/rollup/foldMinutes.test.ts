import { beforeAll, describe, expect, test } from 'vitest'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { HourSet, hourOf } from '../../lib/market/hours.ts'
import { mergeRanges, type TimeRange } from '../../lib/market/range.ts'
import type { Query, QueryOptions } from '../../lib/ports.ts'
import { chooseHours } from '../../lib/rollup/backlogRound.ts'
import { differingMinutes, foldMinutes } from '../../lib/rollup/foldMinutes.ts'
import { dividedBy, widestWindow } from '../../lib/rollup/liveWindow.ts'
import { ALL_SYMBOLS, type SymbolShare } from '../../lib/rollup/symbolShare.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import type { OffsetStretch } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { newWorld, SETTINGS } from '../support/world.ts'

const MINUTE_US = 60_000_000
const NOW_US = Date.parse('2026-03-01T12:37:00Z') * 1000

/** Answers each statement with the same rows, and knows what it was asked. */
class SameRows implements Query {
  readonly statements: string[] = []
  readonly options: (QueryOptions | undefined)[] = []
  readonly #rows: readonly unknown[]

  constructor(rows: readonly unknown[] = []) {
    this.#rows = rows
  }

  async rows<Row>(sql: string, options?: QueryOptions): Promise<Row[]> {
    this.statements.push(sql)
    this.options.push(options)
    return [...this.#rows] as Row[]
  }
}

let ticks: Table
let candles: Table
beforeAll(async () => {
  const { catalog } = await newWorld()
  ticks = await catalog.loadTable(TICKS_TABLE)
  candles = await catalog.loadTable(CANDLES_TABLE)
})

const LATER: readonly OffsetStretch[] = [
  { epoch: 0, partition: 0, from: 5, to: 7 },
  { epoch: 1, partition: 2, from: 0, to: 1_234_567_890_123 },
]
/** Of 4 partitions far on in their offsets. */
const USUAL: readonly OffsetStretch[] = [0, 1, 2, 3].map(partition => {
  return { epoch: 0, partition, from: 9_876_543_210, to: 9_876_654_321 }
})
const range = (from: string, to: string): TimeRange => {
  return { fromUs: Date.parse(from) * 1000, toUs: Date.parse(to) * 1000 }
}
const TWO_MINUTES = [
  range('2026-03-01T12:00Z', '2026-03-01T12:01Z'),
  range('1969-12-31T23:59Z', '1970-01-01T00:00Z'),
]

async function liveStatement(stretches: readonly TimeRange[], later = LATER): Promise<string> {
  const query = new SameRows()
  await foldMinutes({ query, settings: SETTINGS }, { ticks, later, stretches })
  return query.statements[0]!
}

async function backlogStatement(
  stretches: readonly TimeRange[],
  share: SymbolShare = ALL_SYMBOLS,
  later = LATER,
) {
  const query = new SameRows()
  const folded = { ticks, candles, later, stretches, share }
  await differingMinutes({ query, settings: SETTINGS }, folded)
  return query.statements[0]!
}

/** A tick's row as Trino gives it. */
const values = { open: 1, high: 4, low: 0.5, close: 2, volume: 3 }
const row = { source: 's', symbol: 'x', start_seconds: -60, ...values }
const key = { source: 's', symbol: 'x', timeframe: 'm1', dateTimeUs: -MINUTE_US }
const computed = { ...key, ...values }

describe('foldMinutes', () => {
  test('asks for the ticks of one version of the table, of the stretches, without later offsets', async () => {
    const sql = await liveStatement(TWO_MINUTES)
    const { snapshotId } = currentSnapshot(ticks)!
    expect(sql).toContain(`FROM lake.market_data.stock_ticks FOR VERSION AS OF ${snapshotId}`)
    expect(sql).toContain(
      '((date_time >= from_unixtime(1772366400) AND date_time < from_unixtime(1772366460))' +
        ' OR (date_time >= from_unixtime(-60) AND date_time < from_unixtime(0)))',
    )
    expect(sql).toContain(
      'AND NOT ((kafka_epoch = 0 AND kafka_partition = 0 AND kafka_offset >= 5 AND kafka_offset < 7)' +
        ' OR (kafka_epoch = 1 AND kafka_partition = 2 AND kafka_offset >= 0 AND kafka_offset < 1234567890123))',
    )
  })

  test('takes every tick where nothing came since', async () => {
    expect(await liveStatement(TWO_MINUTES, [])).toContain('AND NOT (false)')
  })

  test('gives m1 candles with their starts in microseconds, and the places of their first and last tick', async () => {
    const ends = [
      ['1969-12-31 23:59:01.000000 UTC', '-5', '0', '2', '7'],
      ['1969-12-31 23:59:59.999999 UTC', '9223372036854775807', '0', '2', '8'],
    ]
    const query = new SameRows([{ ...row, ends }])
    const found = await foldMinutes({ query, settings: SETTINGS }, { ticks, stretches: TWO_MINUTES })
    expect(found).toEqual([{ ...computed, ends }])
  })

  test('asks nothing where there is no stretch', async () => {
    const query: Query = { rows: sql => Promise.reject(new Error(`not to be asked: ${sql}`)) }
    expect(await foldMinutes({ query, settings: SETTINGS }, { ticks, stretches: [] })).toEqual([])
  })

  test('reads all files, or those that are named, whatever their names contain', async () => {
    expect(await liveStatement(TWO_MINUTES)).toContain('AND (true)')
    const query = new SameRows()
    const paths = ["s3://b/it's.parquet", 's3://b/2.parquet']
    await foldMinutes({ query, settings: SETTINGS }, { ticks, stretches: TWO_MINUTES, paths })
    expect(query.statements[0]).toContain(`AND ("$path" IN ('s3://b/it''s.parquet', 's3://b/2.parquet'))`)
  })

  test('folds the price that the settings name, and no other', async () => {
    const query = new SameRows()
    const settings = { ...SETTINGS, price: 'ask' as const }
    await foldMinutes({ query, settings }, { ticks, stretches: TWO_MINUTES })
    expect(query.statements[0]).toContain('ask + 0e0 AS price')
    expect(query.statements[0]).not.toContain('mid')
  })
})

describe('differingMinutes', () => {
  test('compares with one version of the candles, within the same stretches', async () => {
    const sql = await backlogStatement(TWO_MINUTES)
    const { snapshotId } = currentSnapshot(candles)!
    expect(sql).toContain(`FROM lake.market_data.candles FOR VERSION AS OF ${snapshotId}`)
    expect(sql.split('from_unixtime(1772366400)')).toHaveLength(3)
    expect(sql).toContain('LIMIT 120000')
  })

  test('gives what is to be written apart from what is to be removed', async () => {
    const gone = { ...row, symbol: 'y', open: null, high: null, low: null, close: null, volume: null }
    const query = new SameRows([gone, row])
    const folded = { ticks, candles, stretches: TWO_MINUTES, share: ALL_SYMBOLS }
    expect(await differingMinutes({ query, settings: SETTINGS }, folded)).toEqual({
      computed: [computed],
      surplus: [{ ...key, symbol: 'y' }],
    })
  })

  test('takes no part of an answer that may have been cut off: 120,000 minutes are too many', async () => {
    const folded = { ticks, candles, stretches: TWO_MINUTES, share: ALL_SYMBOLS }
    const ask = (rows: number) =>
      differingMinutes({ query: new SameRows(Array(rows).fill(row)), settings: SETTINGS }, folded)
    expect((await ask(119_999)).computed).toHaveLength(119_999)
    await expect(ask(120_000)).rejects.toMatchObject({ code: 'TOO_MANY_MINUTES', retryable: true })
  })

  test('hands on how long the statement may take', async () => {
    const query = new SameRows()
    const folded = { ticks, candles, stretches: TWO_MINUTES, share: ALL_SYMBOLS }
    await differingMinutes({ query, settings: SETTINGS }, folded, { timeoutMs: 1_234 })
    expect(query.options).toEqual([{ timeoutMs: 1_234 }])
  })

  test('asks for all symbols, or for one share of them by the checksum of their names', async () => {
    expect(await backlogStatement(TWO_MINUTES)).toContain('WHERE (true) AND (\n')
    const shares = await Promise.all(
      [0, 1, 2, 3].map(index => backlogStatement(TWO_MINUTES, { index, count: 4 })),
    )
    for (const [index, sql] of shares.entries()) {
      expect(sql).toContain(`WHERE (bitwise_and(crc32(to_utf8(symbol)), 3) = ${index}) AND (`)
    }
  })
})

/** Numbers below 1 that look random, the same in every run. */
function randoms(count: number): number[] {
  let state = 7
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  })
}

/** So many touched minutes: the newest, and others scattered over 40 days. */
function scattered(count: number): TimeRange[] {
  const minutes = [0, ...randoms(count - 1).map(random => Math.floor(random * 40 * 1_440))]
  return mergeRanges(
    minutes.map(ago => ({ fromUs: NOW_US - ago * MINUTE_US, toUs: NOW_US - (ago - 1) * MINUTE_US })),
  )
}

describe('a statement stays a few kB, whatever is touched', () => {
  const minutesNear = mergeRanges(
    Array.from({ length: 240 }, (_, i) => {
      return { fromUs: NOW_US - 2 * i * MINUTE_US, toUs: NOW_US - (2 * i - 1) * MINUTE_US }
    }),
  )

  test.each([
    ['1 minute', scattered(1)],
    ['100 minutes', scattered(100)],
    ['20,000 minutes', scattered(20_000)],
    ['every other minute', minutesNear],
  ])('the live one of %s', async (_, touched) => {
    const { inside } = dividedBy(widestWindow(NOW_US), touched)
    expect(inside.length).toBeGreaterThan(0)
    expect((await liveStatement(inside, USUAL)).length).toBeLessThan(7_000)
  })

  test.each([
    ['1 hour', 1],
    ['100 hours', 100],
    ['20,000 hours', 20_000],
  ])('the backlog’s of %s, scattered as hours are', async (_, count) => {
    const newest = hourOf(NOW_US)
    const sweep = HourSet.of(randoms(count).map(random => newest - Math.floor(random * 4 * count)))
    const hours = chooseHours({ owed: HourSet.EMPTY, damaged: HourSet.EMPTY, sweep }, 20_000)
    expect(hours.isEmpty).toBe(false)
    const sql = await backlogStatement(hours.ranges(), { index: 255, count: 256 }, USUAL)
    expect(sql.length).toBeLessThan(9_500)
  })

  test('the backlog’s of the 20,000 hours that follow one another is no longer than that of one', async () => {
    const stretch = (hours: number) =>
      backlogStatement([{ fromUs: NOW_US - hours * 60 * MINUTE_US, toUs: NOW_US }])
    expect((await stretch(20_000)).length).toBe((await stretch(1)).length)
  })
})
