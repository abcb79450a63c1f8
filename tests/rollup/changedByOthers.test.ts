import { beforeEach, describe, expect, test } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { UnsupportedTable } from '../../lib/iceberg/errors.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Field } from '../../lib/iceberg/schema.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { DAY_US } from '../../lib/market/time.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { partitionedBy, withMetadata } from '../support/changedMetadata.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { ticksOf } from '../support/memoryRollup.ts'
import { expectedCandles } from '../support/oracle.ts'
import { addTicks, candlesIn, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const DAY = '2026-02-20'
const LIVE = '2026-03-01T12:00:01'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const rollup = () => rollupCandles(withTrino(world), UNBOUNDED)
const load = (ident: TableIdent) => world.services.catalog.loadTable(ident)
const filesOf = async (ident: TableIdent) => planFiles(world.services.store, await load(ident))
const candleFile = async (isIt: (file: LiveFile, rows: readonly Candle[]) => boolean) => {
  for (const file of await filesOf(CANDLES_TABLE)) {
    if (isIt(file, await readCandles(world.services.store, file))) return file
  }
  throw new Error('no such file')
}
const m1File = () => candleFile((_, rows) => rows.some(row => row.timeframe === 'm1' && row.symbol === 'x'))
/** All hours with rows are recomputed. */
async function repair(): Promise<void> {
  await markRanges(world.services, [{ fromUs: 0, toUs: 100_000 * DAY_US }])
  await rollup()
}
/** The stored candles' values, and what they must be. */
async function compared() {
  const values = ({ source, symbol, timeframe, dateTimeUs, open, high, low, close, volume }: Candle) =>
    [source, symbol, timeframe, dateTimeUs, open, high, low, close, volume].join(' ')
  const stored = (await candlesIn(world)).filter(({ timeframe }) => !timeframe.startsWith('removed_'))
  const must = expectedCandles(await ticksOf(world.services)).map(({ start, ...candle }) =>
    values({ ...candle, dateTimeUs: Date.parse(start) * 1000 } as unknown as Candle),
  )
  return { stored: stored.map(values).sort(), must: must.sort() }
}
async function expectRight(): Promise<void> {
  const { stored, must } = await compared()
  expect(must.length).toBeGreaterThan(0)
  expect(stored).toEqual(must)
}

describe('rows that others deleted by their places', () => {
  test('of candles: the next rollup, of another symbol, takes it back', async () => {
    await addTicks(world, [`${DAY}T10:00:01`, `${DAY}T10:01:01`], { symbols: ['x', 'y'] })
    await rollup()
    const file = await m1File()
    const rows = await readCandles(world.services.store, file)
    await deleteRows(world.services, CANDLES_TABLE, [
      { file, places: rows.flatMap(({ symbol }, i) => (symbol === 'x' ? [i] : [])) },
    ])
    await addTicks(world, [`${DAY}T14:02:01`], { symbols: ['y'] })
    await rollup()
    await expectRight()
  })

  test('of ticks: their candles go with them', async () => {
    await addTicks(world, [`${DAY}T10:00:01`, `${DAY}T10:01:01`, `${DAY}T11:01:01`])
    await rollup()
    const [file] = await filesOf(TICKS_TABLE)
    await deleteRows(world.services, TICKS_TABLE, [{ file: file!, places: [0, 2] }])
    await repair()
    await expectRight()
    expect((await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')).toHaveLength(1)
  })
})

describe('rows that others deleted by their values', () => {
  test('of candles: the next rollup takes it back', async () => {
    await addTicks(world, [`${DAY}T10:00:01`, '2026-01-10T10:00:01'])
    await rollup()
    await deleteRows(world.services, CANDLES_TABLE, [{ file: await m1File(), places: [0] }], {
      byEquality: true,
    })
    await addTicks(world, ['2025-12-10T10:00:01', '2026-01-10T10:05:01', `${DAY}T10:05:01`])
    await rollup()
    await expectRight()
  })

  test('of ticks keep neither ingest nor the live candles from going on', async () => {
    await addTicks(world, [`${DAY}T10:00:01`])
    await rollup()
    const [file] = await filesOf(TICKS_TABLE)
    await deleteRows(world.services, TICKS_TABLE, [{ file: file!, places: [0] }], { byEquality: true })
    await addTicks(world, [LIVE])
    await addTicks(world, [LIVE], { symbols: ['y'] })
    await expect(rollup()).resolves.toMatchObject({ changed: 22 })
  })
})

/** Others change the table's metadata: what a catalog does for their statements. */
function changing(ident: TableIdent, change: (table: Table) => Partial<Table['metadata']>): void {
  world = withMetadata(world, ident, change)
}

const withColumn = (type: unknown) => (table: Table) => {
  const [schema] = table.metadata.schemas
  const fields = [...schema!.fields, { id: 99, name: 'note', type, required: false } as Field]
  return { currentSchemaId: 1, schemas: [schema!, { schemaId: 1, fields }] }
}

describe('a column that others added to candles', () => {
  test('is null, whatever rollup writes', async () => {
    await addTicks(world, [`${DAY}T10:00:01`])
    await rollup()
    changing(CANDLES_TABLE, withColumn('string'))
    await addTicks(world, [`${DAY}T10:00:02`, `${DAY}T10:01:02`])
    await rollup()
    await expectRight()
  })
})

describe('candles partitioned by others', () => {
  test.each([
    ['timeframe, month, symbol', partitionedBy([3, 'identity'], [4, 'month'], [2, 'identity'])],
    ['timeframe, day, bucket of symbol', partitionedBy([3, 'identity'], [4, 'day'], [2, 'bucket[4]'])],
    ['nothing', partitionedBy()],
    ['year', partitionedBy([4, 'year'])],
    ['source', partitionedBy([1, 'identity'])],
  ])('by %s are rolled up, with files of the old partitioning beside them', async (_, next) => {
    const times = [`${DAY}T10:00:01`, `${DAY}T23:59:01`, '2026-01-31T10:00:01', LIVE]
    const symbols = ['a', 'b', 'c', 'd', 'e']
    await addTicks(world, times, { symbols })
    await rollup()
    changing(CANDLES_TABLE, next)
    await addTicks(world, [...times, `${DAY}T10:01:01`, '2026-01-30T10:00:01'], { symbols })
    await rollup()
    await expectRight()
    expect((await filesOf(CANDLES_TABLE)).some(({ specId }) => specId === 1)).toBe(true)
    world.clock.nowMs += 60_000
    await rollup()
    await addTicks(world, [`${DAY}T10:00:30`], { symbols })
    await repair()
    await expectRight()
    const open = (await candlesIn(world)).filter(({ timeframe, closed }) => timeframe === 'm1' && !closed)
    expect(open).toEqual([])
  })

  test('by a value that changes with revisions are one error with the way back', async () => {
    changing(CANDLES_TABLE, partitionedBy([10, 'identity']))
    await addTicks(world, [LIVE])
    const failing = rollup()
    await expect(failing).rejects.toThrow(UnsupportedTable)
    await expect(failing).rejects.toThrow(
      "SET PROPERTIES partitioning = ARRAY['timeframe', 'month(date_time)']",
    )
  })
})
