import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { Mark } from '../../lib/publish/sendingOrder.ts'
import { type UnsentOptions, type UnsentPart, unsentCandles } from '../../lib/publish/unsentCandles.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { newWorld } from '../support/world.ts'

const { catalog, services } = await newWorld()
const table: Table = await catalog.loadTable(CANDLES_TABLE)
const TABLE = table.metadata.tableUuid
const ALL: Mark = { tableUuid: TABLE, stampUs: 0 }

const START_US = Date.parse('2026-03-01T00:00:00Z') * 1000
const VALUES = { open: 1, high: 2, low: 1, close: 2, volume: 1, closed: true, revision: 1 }

function row(updatedAtUs: number, timeframe: string, minute: number, symbol: string, source = 's'): Candle {
  return { source, symbol, timeframe, dateTimeUs: START_US + minute * 60_000_000, ...VALUES, updatedAtUs }
}

/** The table as others may have partitioned it: not at all. */
const unpartitioned: Table = {
  ...table,
  metadata: { ...table.metadata, defaultSpecId: 1, partitionSpecs: [{ specId: 1, fields: [] }] },
}

/** A data file of each list of rows; those of one list are of one timeframe, unless the table is not partitioned by it. */
async function write(
  store: CountingStore,
  lists: readonly (readonly Candle[])[],
  to = table,
): Promise<LiveFile[]> {
  const files = await Promise.all(
    lists.map(rows => writeDataFile(store, to, candleColumns(rows), rows.length)),
  )
  return files.map(file => ({ ...file, snapshotId: 1n, sequenceNumber: 1, fileSequenceNumber: 1 }))
}

async function read(
  store: CountingStore,
  files: LiveFile[],
  mark: Mark,
  bounds?: UnsentOptions,
): Promise<UnsentPart[]> {
  const parts = []
  for await (const part of unsentCandles(store, files, mark, bounds)) parts.push(part)
  return parts
}

/** The order of sending, written down once more: the texts of such rows sort as the rows do. */
function orderKey({ updatedAtUs, timeframe, dateTimeUs, source, symbol }: Candle): string {
  return [String(updatedAtUs).padStart(6), timeframe, dateTimeUs, source, symbol].join('\n')
}

const anyRow = (timeframe: string) =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('a', 'b', 'é'),
      fc.constantFrom('s', 't'),
    )
    .map(([stamp, minute, symbol, source]) => row(stamp, timeframe, minute, symbol, source))
const anyTimeframe = fc.constantFrom('D1', 'h1', 'm1')
const someRows = (anyOne: fc.Arbitrary<Candle>) => fc.array(anyOne, { minLength: 1, maxLength: 12 })
const ofOneTimeframe = anyTimeframe.chain(timeframe => someRows(anyRow(timeframe)))
const ofAnyTimeframes = someRows(anyTimeframe.chain(anyRow))
/** Each candle stands in one file and once, as it does in the table. */
const filesOf = (anyFile: fc.Arbitrary<Candle[]>) =>
  fc.array(anyFile, { maxLength: 6 }).map(files => {
    const known = new Set<string>()
    const isNew = (candle: Candle) => {
      const key = orderKey({ ...candle, updatedAtUs: 0 })
      return !known.has(key) && known.add(key)
    }
    return files.map(rows => rows.filter(isNew)).filter(rows => rows.length > 0)
  })

describe('unsentCandles', () => {
  test.each([
    ['files of one timeframe', filesOf(ofOneTimeframe), table],
    ['files of any', filesOf(ofAnyTimeframes), unpartitioned],
  ])(
    'of %s gives every row behind any mark once, in order, in bounded parts, the last one marked',
    async (_, anyFiles, to) => {
      const bounds = fc.record({
        rowsAtOnce: fc.integer({ min: 1, max: 9 }),
        rowsPerPart: fc.integer({ min: 1, max: 4 }),
      })
      await fc.assert(
        fc.asyncProperty(anyFiles, bounds, fc.nat(40), fc.boolean(), async (lists, bounds, at, isWhole) => {
          const store = new CountingStore(services.store)
          const files = await write(store, lists, to)
          const rows = lists.flat().sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
          const last = rows[at]
          const mark = !last
            ? ALL
            : { tableUuid: TABLE, stampUs: last.updatedAtUs, ...(isWhole ? {} : { last }) }
          const expected = !last
            ? rows
            : rows.slice(isWhole ? rows.findLastIndex(r => r.updatedAtUs === last.updatedAtUs) + 1 : at + 1)
          const parts = await read(store, files, mark, bounds)
          expect(parts.flatMap(({ candles }) => candles)).toEqual(expected)
          for (const { candles } of parts) expect(candles.length).toBeLessThanOrEqual(bounds.rowsPerPart)
          expect(parts.map(({ isLast }) => isLast)).toEqual(parts.map((_, i) => i === parts.length - 1))
        }),
        { numRuns: 100 },
      )
    },
  )

  test('reads each of 20 files of one commit once or twice, however many parts they make', async () => {
    const store = new CountingStore(services.store)
    const minutes = (from: number) => Array.from({ length: 100 }, (_, i) => row(1, 'm1', from + i, 'x'))
    const files = await write(
      store,
      Array.from({ length: 20 }, (_, f) => minutes(f * 100)),
    )
    const parts = await read(store, files, ALL, { rowsAtOnce: 250, rowsPerPart: 50 })
    expect(parts.flatMap(({ candles }) => candles)).toHaveLength(2_000)
    expect(store.dataFilesRead.length).toBeGreaterThanOrEqual(20)
    expect(store.dataFilesRead.length).toBeLessThanOrEqual(40)
  })

  test('does not read files whose rows were all sent, nor those behind the first ones found', async () => {
    const store = new CountingStore(services.store)
    const files = await write(store, [
      [row(1, 'm1', 0, 'x')],
      [row(2, 'm1', 1, 'x'), row(2, 'm1', 2, 'x')],
      [row(2, 'm1', 3, 'x'), row(2, 'm1', 4, 'x')],
      [row(3, 'm1', 5, 'x')],
    ])
    const last = row(2, 'm1', 2, 'x')
    const parts = unsentCandles(
      store,
      files,
      { tableUuid: TABLE, stampUs: 2, last },
      { rowsAtOnce: 2, rowsPerPart: 2 },
    )
    expect((await parts.next()).value).toMatchObject({ candles: [{ updatedAtUs: 2 }, { updatedAtUs: 2 }] })
    expect(store.dataFilesRead.sort()).toEqual([files[1]!.path, files[2]!.path].sort())
  })
})
