import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReaderName, read } from '../../bench/readers/readers.ts'
import { differences, type TableReport } from '../../bench/readers/report.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { decodeTick } from '../../lib/market/tick.ts'
import { type StoredTick, TICKS_DEFINITION, tickColumns } from '../../lib/tables/ticksTable.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { sandboxEnv, services } from './sandbox.ts'
import { SAMPLE_TICKS } from './ticks.ts'

const TABLE = 'readers.ticks'
const RECORD_MS = Date.parse('2025-03-20T14:31:28.500Z')
const connections = services()

/** What only some ticks have: no optional field, an unknown one, a number beyond 2^53, microseconds, a hostile name. */
const UNUSUAL =
  '{"source":"SOURCE_1","symbol":"O\'NEIL|\\\\\\"😀","ask":1e-9,"bid":-1e-9,"mid":0,"number":9223372036854775807,"dateTime":"2025-03-20T14:31:28.000001","venue":1.10}'

const COMMON = {
  source: 'SOURCE_1',
  ask_markup: 0,
  bid_markup: 0,
  is_tradable: true,
  date_time: '2025-03-20T14:31:28.000000Z',
  extra: null,
  kafka_epoch: 0,
  kafka_partition: 3,
  kafka_timestamp: '2025-03-20T14:31:28.500000Z',
}
const EXPECTED = {
  BNBUSD: {
    ...COMMON,
    symbol: 'BNBUSD',
    ask: 627.05,
    bid: 627.04,
    mid: 627.045,
    number: '11530579268',
    receive_date_time: '2025-03-20T14:31:28.386000Z',
    kafka_offset: '0',
  },
  SOLUSD: {
    ...COMMON,
    symbol: 'SOLUSD',
    ask: 131.57,
    bid: 131.56,
    mid: 131.565,
    number: '11530579246',
    receive_date_time: '2025-03-20T14:31:28.279000Z',
    kafka_offset: '1',
  },
  'O\'NEIL|\\"😀': {
    ...COMMON,
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
    kafka_offset: '2',
  },
}

function stored(value: string, offset: number): StoredTick {
  const tick = decodeTick(Buffer.from(value), RECORD_MS, connections.settings.limits)
  if (typeof tick === 'string') throw new Error(`a bad tick: ${tick}`)
  return { tick, epoch: 0, partition: 3, offset, timestampMs: RECORD_MS }
}

async function readTable(reader: ReaderName, symbol?: string): Promise<TableReport> {
  const reports = await read(reader, {
    tables: [TABLE],
    ...(symbol === undefined ? {} : { symbol }),
    env: { ...process.env, ...sandboxEnv() },
    cacheDir: readSettings().cacheDir,
    onProgress: () => {},
  })
  return reports.get(TABLE)!
}

let measure: TableReport

beforeAll(async () => {
  const { catalog, store } = connections
  const [namespace, name] = TABLE.split('.') as [string, string]
  await catalog.createNamespace(namespace)
  const table = await catalog.createTable({ namespace, name }, TICKS_DEFINITION)
  const rows = [...SAMPLE_TICKS, UNUSUAL].map(stored)
  const file = await writeDataFile(store, table, tickColumns(rows), rows.length)
  const staged = await stageSnapshot(store, table, { add: [file], nowMs: Date.now() })
  await commitSnapshot(catalog, table, staged)
  measure = await readTable('pyiceberg')
}, 600_000)

afterAll(() => connections.close())

describe.each(['pyiceberg', 'duckdb', 'trino'] as const)('%s', reader => {
  test.each(Object.entries(EXPECTED))(
    'reads the tick of %s exactly, in all 16 columns',
    async (symbol, row) => {
      expect((await readTable(reader, symbol)).rows).toEqual([row])
    },
  )

  test('finds the same 3 rows and the same bounds of every column as the others', async () => {
    const found = await readTable(reader)
    expect(found.count).toBe(3)
    expect(found.columns.get('number')).toMatchObject({ min: '11530579246', max: '9223372036854775807' })
    expect(differences(measure, found)).toEqual([])
  })
})
