import { parquetMetadataAsync } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeBound } from '../../lib/iceberg/bounds.ts'
import type { TableDefinition } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile, LiveFile } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Columns, Schema } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { DAY_US, floorTo, formatDateTime, HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { CANDLES_SCHEMA, candleColumns, candlesDefinition } from '../../lib/tables/candlesTable.ts'
import { fieldNamed } from '../../lib/tables/layout.ts'
import { TICKS_DEFINITION, TICKS_SCHEMA } from '../../lib/tables/ticksTable.ts'
import { type StoredTick, tickColumns } from '../support/tickColumns.ts'
import { services } from './sandbox.ts'

const NAMESPACE = `pruning_${Date.now()}`
const START_US = Date.UTC(2025, 2, 1) * 1000
const HOURS = 30 * 24
const HOURS_PER_COMMIT = 2
const ROWS_PER_HOUR = 60
const CANDLES = 1000
/** A column of less is hardly worth a codec. */
const WORTH_A_CODEC_BYTES = 320n
/** In the middle of the table and of its day. */
const HOUR = 15 * 24 + 13
const hourUs = (hour: number) => START_US + hour * HOUR_US

const connections = services()
const { catalog, store, query } = connections
let table: Table

/** The ticks of an hour, one a minute; every other one without what may be absent, none with unknown fields. */
function ticksOf(hour: number): StoredTick[] {
  return Array.from({ length: ROWS_PER_HOUR }, (_, minute) => {
    const timeUs = hourUs(hour) + minute * MINUTE_US
    const isWhole = minute % 2 === 0
    const tick = {
      source: 'PRUNING',
      symbol: isWhole ? 'BNBUSD' : 'SOLUSD',
      ask: hour + 1,
      bid: hour - 1,
      mid: hour + minute / 100,
      askMarkup: isWhole ? 0 : null,
      bidMarkup: isWhole ? 0 : null,
      isTradable: isWhole ? true : null,
      number: hour * ROWS_PER_HOUR + minute,
      dateTimeUs: timeUs,
      receiveDateTimeUs: isWhole ? timeUs + 1 : null,
      extra: null,
    }
    return { tick, partition: 0, offset: tick.number, timestampMs: timeUs / 1000 }
  })
}

async function createTable(name: string, definition: TableDefinition): Promise<Table> {
  await catalog.createNamespace(NAMESPACE)
  return catalog.createTable({ namespace: NAMESPACE, name }, definition)
}

async function append(to: Table, files: readonly { columns: Columns; rows: number }[]): Promise<Table> {
  const add = await Promise.all(files.map(({ columns, rows }) => writeDataFile(store, to, columns, rows)))
  return commitSnapshot(catalog, to, await stageSnapshot(store, to, { add, nowMs: Date.now() }))
}

beforeAll(async () => {
  table = await createTable('ticks', TICKS_DEFINITION)
  for (let hour = 0; hour < HOURS; hour += HOURS_PER_COMMIT) {
    const hours = Array.from({ length: HOURS_PER_COMMIT }, (_, i) => ticksOf(hour + i))
    const files = hours.map(rows => ({ columns: tickColumns(rows), rows: rows.length }))
    table = await append(table, files)
  }
}, 900_000)
afterAll(() => connections.close())

const sqlTime = (timeUs: number) => `from_iso8601_timestamp('${formatDateTime(timeUs)}')`
/** What only the rows themselves tell, of one hour. */
async function hourByTrino(hour: number) {
  const [row] = await query.rows<{ rows: number; first: number; last: number }>(`
    SELECT count(*) AS rows, min(number) AS first, max(number) AS last
    FROM lake.${NAMESPACE}.ticks
    WHERE date_time >= ${sqlTime(hourUs(hour))} AND date_time < ${sqlTime(hourUs(hour + 1))}`)
  return row
}

/** From the first to the last moment of its day. */
function dayOfHour(hour: number) {
  const from = floorTo(hourUs(hour), DAY_US)
  return { from, to: from + DAY_US - 1 }
}

function mayHoldHour({ lowerBounds, upperBounds }: LiveFile, hour: number): boolean {
  const { id, type } = fieldNamed(TICKS_SCHEMA, 'date_time')
  const [lower, upper] = [lowerBounds?.get(id), upperBounds?.get(id)].map(bound => decodeBound(type, bound!))
  return Number(lower) < hourUs(hour + 1) && Number(upper) >= hourUs(hour)
}

describe('a table of 30 days, 24 files a day, written in 360 commits', () => {
  test('has 63 manifests at most, as Trino counts them', async () => {
    const [row] = await query.rows<{ count: number; files: number }>(`
      SELECT count(*) AS count, sum(added_data_files_count + existing_data_files_count) AS files
      FROM lake.${NAMESPACE}."ticks$manifests"`)
    expect(row?.files).toBe(HOURS)
    expect(row?.count).toBeLessThanOrEqual(63)
  })

  test('of 720 files, 24 are of an hour’s day by their partition, and 1 is of the hour by its bounds', async () => {
    const within = { date_time: dayOfHour(HOUR) }
    expect(await planFiles(store, table, { within })).toHaveLength(24)
    const [file, ...others] = await planFiles(store, table, { within, keep: f => mayHoldHour(f, HOUR) })
    expect(others).toEqual([])
    expect(file?.recordCount).toBe(ROWS_PER_HOUR)
  })

  test('has a count, a count of nulls, and bounds of every column that has a value, in every manifest', async () => {
    const files = await statsByTrino('ticks')
    expect(files).toHaveLength(HOURS)
    const half = ROWS_PER_HOUR / 2
    const nulls = { ask_markup: half, bid_markup: half, is_tradable: half, receive_date_time: half }
    const expected = statsOf(TICKS_SCHEMA, ROWS_PER_HOUR, { ...nulls, extra: ROWS_PER_HOUR })
    for (const file of files) expect(file).toEqual(expected)
  })

  test('is zstd in every file, but for columns of less than 320 bytes', async () => {
    const files = await planFiles(store, table, { within: { date_time: dayOfHour(HOUR) } })
    for (const file of files) expect(await codecsOf(file)).toEqual(new Set(['ZSTD']))
  })

  // The last one: it takes the table apart.
  test('answers a query of an hour from the file of that hour alone: all 719 others are gone from the store', async () => {
    const all = await planFiles(store, table)
    const others = all.filter(file => !mayHoldHour(file, HOUR))
    expect(others).toHaveLength(HOURS - 1)
    for (const { path } of others) await store.remove(path)

    const first = HOUR * ROWS_PER_HOUR
    expect(await hourByTrino(HOUR)).toEqual({ rows: ROWS_PER_HOUR, first, last: first + ROWS_PER_HOUR - 1 })
    // It does open the files: those of the next hour are missed.
    await expect(hourByTrino(HOUR + 1)).rejects.toThrow(/not found|does not exist|open/i)
  })
})

describe('a table of candles', () => {
  let candles: Table
  beforeAll(async () => {
    const created = await createTable('candles', candlesDefinition('mid'))
    const rows = Array.from({ length: CANDLES }, (_, i) => ({
      source: 'PRUNING',
      symbol: 'BNBUSD',
      timeframe: 'm1',
      dateTimeUs: START_US + i * MINUTE_US,
      open: i,
      high: i + 1,
      low: i - 1,
      close: i + 0.5,
      volume: 3,
      closed: i < CANDLES - 1,
      revision: 1,
      updatedAtUs: START_US + HOUR_US,
    }))
    candles = await append(created, [{ columns: candleColumns(rows), rows: rows.length }])
  })

  test('has a count, a count of nulls, and both bounds of every column', async () => {
    expect(await statsByTrino('candles')).toEqual([statsOf(CANDLES_SCHEMA, CANDLES, {})])
  })

  test('is zstd, but for columns of less than 320 bytes', async () => {
    const [file] = await planFiles(store, candles)
    expect(await codecsOf(file!)).toEqual(new Set(['ZSTD']))
  })
})

type Counts = Record<string, number>
interface Stats {
  values: Counts
  nulls: Counts
  /** Ids of the columns that have a bound. */
  lower: string[]
  upper: string[]
}

/** What the manifests say of each file, as Trino reads them; by column id. */
async function statsByTrino(name: string): Promise<Stats[]> {
  const rows = await query.rows<{ values: Counts; nulls: Counts; lower: object; upper: object }>(`
    SELECT value_counts AS "values", null_value_counts AS nulls, lower_bounds AS lower, upper_bounds AS upper
    FROM lake.${NAMESPACE}."${name}$files"`)
  return rows.map(({ values, nulls, lower, upper }) => {
    return { values, nulls, lower: Object.keys(lower), upper: Object.keys(upper) }
  })
}

/** What they should say; columns without values have no bounds. */
function statsOf({ fields }: Schema, rows: number, nulls: Counts): Stats {
  const count = (of: (name: string) => number) =>
    Object.fromEntries(fields.map(({ id, name }) => [String(id), of(name)]))
  const bounded = fields.filter(({ name }) => nulls[name] !== rows).map(({ id }) => String(id))
  return { values: count(() => rows), nulls: count(name => nulls[name] ?? 0), lower: bounded, upper: bounded }
}

/** Of the columns that are worth one, from the file's own footer. */
async function codecsOf({ path }: DataFile): Promise<Set<string>> {
  const bytes = await store.read(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const { row_groups } = await parquetMetadataAsync(file)
  const columns = row_groups.flatMap(group => group.columns.map(column => column.meta_data!))
  const worth = columns.filter(column => column.total_uncompressed_size >= WORTH_A_CODEC_BYTES)
  return new Set(worth.map(column => column.codec))
}
