import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { READERS, type ReaderName, read } from '../../bench/readers/readers.ts'
import { differences, type TableReport } from '../../bench/readers/report.ts'
import type { TableDefinition } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Columns } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { decodeTick } from '../../lib/market/tick.ts'
import { candleColumns, candlesDefinition } from '../../lib/tables/candlesTable.ts'
import { TICKS_DEFINITION } from '../../lib/tables/ticksTable.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { type StoredTick, tickColumns } from '../support/tickColumns.ts'
import { sandboxEnv, services } from './sandbox.ts'
import { SAMPLE_ROWS, SAMPLE_TICKS } from './ticks.ts'

const NAMESPACE = `readers_${Date.now()}`
const TICKS: TableIdent = { namespace: NAMESPACE, name: 'ticks' }
const CANDLES: TableIdent = { namespace: NAMESPACE, name: 'candles' }
const SOURCE = 'SOURCE_1'
const RECORD_MS = Date.parse('2025-03-20T14:31:28.500Z')
const connections = services()

/** What only some ticks have: no optional field, an unknown one, a number beyond 2^53, microseconds, a hostile name. */
const UNUSUAL_TICK =
  '{"source":"SOURCE_1","symbol":"O\'NEIL|\\\\\\"😀","ask":1e-9,"bid":-1e-9,"mid":0,"number":9223372036854775807,"dateTime":"2025-03-20T14:31:28.000001","venue":1.10}'
const UNUSUAL_ROW = {
  source: SOURCE,
  symbol: 'O\'NEIL|\\"😀',
  ask: 1e-9,
  bid: -1e-9,
  mid: 0,
  ask_markup: null,
  bid_markup: null,
  is_tradable: null,
  number: '9223372036854775807',
  date_time: '2025-03-20T14:31:28.000001Z',
  receive_date_time: null,
  extra: '{"venue":1.10}',
}

/** In the order of time, then source and symbol: as readers give them. */
const TICK_ROWS = [SAMPLE_ROWS.BNBUSD, SAMPLE_ROWS.SOLUSD, UNUSUAL_ROW].map((row, offset) => ({
  ...row,
  kafka_epoch: 0,
  kafka_partition: 3,
  kafka_offset: String(offset),
  kafka_timestamp: '2025-03-20T14:31:28.500000Z',
}))

const CANDLE: Candle = {
  source: SOURCE,
  symbol: 'BNBUSD',
  timeframe: 'm1',
  dateTimeUs: Date.parse('2025-03-20T14:31:00Z') * 1000,
  open: 627.045,
  high: 627.045,
  low: 627.045,
  close: 627.045,
  volume: 1,
  closed: false,
  revision: 1,
  updatedAtUs: Date.parse('2025-03-20T14:31:30.000001Z') * 1000 + 1,
}
const NEXT_CANDLE: Candle = { ...CANDLE, high: 628, volume: 2 ** 40, closed: true, revision: 2 }
const CANDLE_ROW = {
  source: SOURCE,
  symbol: 'BNBUSD',
  timeframe: 'm1',
  date_time: '2025-03-20T14:31:00.000000Z',
  open: 627.045,
  high: 628,
  low: 627.045,
  close: 627.045,
  volume: '1099511627776',
  closed: true,
  revision: 2,
  updated_at: '2025-03-20T14:31:30.000001Z',
}

function stored(value: string, offset: number): StoredTick {
  const tick = decodeTick(Buffer.from(value), RECORD_MS, connections.settings.limits)
  if (typeof tick === 'string') throw new Error(`a bad tick: ${tick}`)
  return { tick, partition: 3, offset, timestampMs: RECORD_MS }
}

async function createTable(ident: TableIdent, definition: TableDefinition): Promise<void> {
  await connections.catalog.createNamespace(NAMESPACE)
  await connections.catalog.createTable(ident, definition)
}

/** One commit: a new file of these rows, in the place of all that were there or beside them. */
async function commit(ident: TableIdent, columns: Columns, rows: number, replace = false): Promise<void> {
  const { catalog, store } = connections
  const table = await catalog.loadTable(ident)
  const add = [await writeDataFile(store, table, columns, rows)]
  const remove = replace ? await planFiles(store, table) : []
  await commitSnapshot(catalog, table, await stageSnapshot(store, table, { add, remove, nowMs: Date.now() }))
}

/** Two appends, merged by Trino, and a third one. */
async function writeTicks(): Promise<void> {
  await createTable(TICKS, TICKS_DEFINITION)
  const [first, second, unusual] = [...SAMPLE_TICKS, UNUSUAL_TICK].map(stored) as [
    StoredTick,
    StoredTick,
    StoredTick,
  ]
  await commit(TICKS, tickColumns([first]), 1)
  await commit(TICKS, tickColumns([second]), 1)
  await connections.query.rows(`ALTER TABLE lake.${NAMESPACE}.ticks EXECUTE optimize`)
  await commit(TICKS, tickColumns([unusual]), 1)
  const files = await planFiles(connections.store, await connections.catalog.loadTable(TICKS))
  expect(files.map(file => file.recordCount).sort()).toEqual([1, 2])
}

/** A candle, and its next revision in the place of it. */
async function writeCandles(): Promise<void> {
  await createTable(CANDLES, candlesDefinition('mid'))
  await commit(CANDLES, candleColumns([CANDLE]), 1)
  await commit(CANDLES, candleColumns([NEXT_CANDLE]), 1, true)
}

const nameOf = ({ namespace, name }: TableIdent) => `${namespace}.${name}`
const tables = [TICKS, CANDLES].map(nameOf)
const env = () => ({ ...process.env, ...sandboxEnv() })

function readWith(reader: ReaderName): Promise<Map<string, TableReport>> {
  const { cacheDir } = readSettings()
  return read(reader, { tables, source: SOURCE, env: env(), cacheDir, onProgress: console.log })
}

let measure: Map<string, TableReport>

beforeAll(async () => {
  await writeTicks()
  await writeCandles()
  measure = await readWith('pyiceberg')
}, 600_000)

afterAll(() => connections.close())

describe.each(Object.keys(READERS) as ReaderName[])('%s', reader => {
  let found: Map<string, TableReport>
  beforeAll(async () => {
    found = reader === 'pyiceberg' ? measure : await readWith(reader)
  }, 1_200_000)

  test('reads 3 ticks exactly, in all 16 columns: of Trino’s merged file and of one appended since', () => {
    expect(found.get(nameOf(TICKS))?.rows).toEqual(TICK_ROWS)
  })

  test('reads the candle that replaced another, in all 12 columns, and not the other', () => {
    expect(found.get(nameOf(CANDLES))?.rows).toEqual([CANDLE_ROW])
  })

  test('finds the same count and the same bounds and sum of every column as PyIceberg', () => {
    expect(found.get(nameOf(TICKS))?.count).toBe(3)
    for (const table of tables) expect(differences(measure.get(table)!, found.get(table))).toEqual([])
  })
})

test('npm run readers prints what the tables hold, that the readers agree, and ends with 0', async () => {
  const script = fileURLToPath(new URL('../../bench/readers/run.ts', import.meta.url))
  const args = [script, '--only=duckdb,trino', ...tables]
  const child = spawn(process.execPath, args, { env: env(), stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(output).toMatch(/\.ticks: 3 rows, snapshot \d+\n/)
  expect(output).toMatch(/number +11530579246 +9223372036854775807/)
  expect(output.match(/(duckdb|trino) +equal/g)).toHaveLength(4)
  expect(code).toBe(0)
})
