import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { ColumnValue } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { findNewTicks } from '../../lib/rollup/newTicks.ts'
import { loadInputs, type RollupInputs } from '../../lib/rollup/rollupInputs.ts'
import { advance } from '../../lib/tables/offsetVector.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState, ticksSummary } from '../../lib/tables/ticksTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { tickColumns } from '../support/tickColumns.ts'
import { newWorld, type World } from '../support/world.ts'

const MINUTE_US = 60_000_000
const DAY_MINUTES = 1_440
/** Midnight: minutes below are counted from here. */
const START_US = Date.parse('2026-03-01T00:00:00Z') * 1000

let world: World
let store: CountingStore
/** The next offset of each partition. */
let ends: number[]
beforeEach(async () => {
  world = await newWorld()
  store = new CountingStore(world.services.store)
  ends = [0, 0, 0]
})

interface Row {
  readonly minute: number
  readonly partition?: number
  readonly withinUs?: number
}

function tickOf({ minute, partition = 0, withinUs = 0 }: Row) {
  const tick = {
    source: 's',
    symbol: 'x',
    ask: 1,
    bid: 1,
    mid: 1,
    askMarkup: null,
    bidMarkup: null,
    isTradable: null,
    number: 1,
    dateTimeUs: START_US + minute * MINUTE_US + withinUs,
    receiveDateTimeUs: null,
    extra: null,
  }
  return { tick, partition, offset: ends[partition]!++, timestampMs: 1 }
}

/** A file of ticks of one day, with the next offsets of their partitions; not committed yet. */
async function dataFile(rows: readonly Row[]): Promise<DataFile> {
  const table = await world.catalog.loadTable(TICKS_TABLE)
  return writeDataFile(world.services.store, table, tickColumns(rows.map(tickOf)), rows.length)
}

/** One commit of ingest: files, and the vector up to all offsets there are. */
async function commit(...add: DataFile[]): Promise<void> {
  const { catalog, services } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const { vector, totals } = ticksState(table)
  const positions = ends.map((next, partition) => ({ epoch: 0, partition, next, timestampMs: 1 }))
  const summary = ticksSummary({ vector: advance(vector, positions), totals })
  const staged = await stageSnapshot(services.store, table, { add, summary, nowMs: world.clock.nowMs })
  await commitSnapshot(catalog, table, staged)
}
const append = async (...rows: Row[]) => commit(await dataFile(rows))
const at = (...minutes: number[]): Row[] => minutes.map(minute => ({ minute }))

/** As if the candles had taken in all that the tables have now. */
async function takenIn(): Promise<Pick<RollupInputs['state'], 'vector' | 'ticksSequence'>> {
  const { ticks, ticksVector } = await loadInputs(world.services)
  return { vector: ticksVector, ticksSequence: ticks.metadata.lastSequenceNumber }
}

async function find(seen: Partial<RollupInputs['state']> = {}) {
  const inputs = await loadInputs(world.services)
  const { minutes, isExact } = await findNewTicks(store, { ...inputs, state: { ...inputs.state, ...seen } })
  const stretches = minutes.map(({ fromUs, toUs }) =>
    [fromUs, toUs].map(timeUs => (timeUs - START_US) / MINUTE_US),
  )
  return { stretches, isExact }
}

/** Makes one file of some of the table's, as compaction does: of the largest data sequence number among them. */
async function compact(from: number, to: number): Promise<void> {
  const { catalog, services } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const files = await planFiles(services.store, table)
  const remove = files.sort((a, b) => a.sequenceNumber - b.sequenceNumber).slice(from, to)
  const columns: Record<string, ColumnValue[]> = {}
  for (const file of remove) {
    const read = await decodeParquet(await services.store.read(file.path), TICKS_SCHEMA)
    for (const [name, values] of Object.entries(read)) columns[name] = [...(columns[name] ?? []), ...values]
  }
  const rows = remove.reduce((sum, { recordCount }) => sum + recordCount, 0)
  const staged = await stageSnapshot(services.store, table, {
    add: [await writeDataFile(services.store, table, columns, rows)],
    remove,
    rewriteOf: Math.max(...remove.map(({ sequenceNumber }) => sequenceNumber)),
    nowMs: world.clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}

describe('findNewTicks', () => {
  test('gives the minutes of new ticks, neighbours joined, far ones apart', async () => {
    await append(...at(0, 1, 2, 700))
    await append(...at(3, 500))
    expect(await find()).toEqual({
      stretches: [
        [0, 4],
        [500, 501],
        [700, 701],
      ],
      isExact: true,
    })
  })

  test('gives all minutes between the bounds of a file that is not read here, beside those of others', async () => {
    const file = await dataFile(at(0, 4))
    await world.services.store.write(file.path, Buffer.from('ORC, as another engine was told to write'))
    await commit(file, await dataFile(at(700, 800)))
    expect(await find()).toEqual({
      stretches: [
        [0, 5],
        [700, 701],
        [800, 801],
      ],
      isExact: true,
    })
  })

  test('gives whole minutes: the first and the last microsecond of one are in it', async () => {
    await append({ minute: 5 }, { minute: 7, withinUs: MINUTE_US - 1 })
    expect((await find()).stretches).toEqual([
      [5, 6],
      [7, 8],
    ])
  })

  test('finds nothing where the candles have all', async () => {
    await append(...at(0, 1))
    expect(await find(await takenIn())).toEqual({ stretches: [], isExact: true })
    expect(store.dataFilesRead).toEqual([])
  })

  test.each([
    ['is gone', (path: string) => store.remove(path)],
    ['is damaged', (path: string) => store.write(path, Buffer.from('PAR1'))],
  ])('goes by the bounds of a file that %s: whoever computes its minutes finds out', async (_, harm) => {
    const file = await dataFile(at(0, 10, 20))
    await commit(file)
    await append(...at(500, 700))
    await harm(file.path)
    expect((await find()).stretches).toEqual([
      [0, 21],
      [500, 501],
      [700, 701],
    ])
  })

  test('counts no tick below the vector: of 4 in a file, 2 offsets are new', async () => {
    await append(...at(0, 10, 20, 30))
    const vector = advance({ epoch: 0, positions: [] }, [{ epoch: 0, partition: 0, next: 2, timestampMs: 1 }])
    expect((await find({ vector })).stretches).toEqual([
      [20, 21],
      [30, 31],
    ])
  })

  test('looks into a file of two minutes: the one whose ticks the candles have is not new', async () => {
    await append(...at(0, 1))
    const vector = advance({ epoch: 0, positions: [] }, [{ epoch: 0, partition: 0, next: 1, timestampMs: 1 }])
    expect((await find({ vector })).stretches).toEqual([[1, 2]])
  })

  test('measures each partition by its own offset', async () => {
    await append(
      { minute: 0, partition: 0 },
      { minute: 10, partition: 1 },
      { minute: 20, partition: 1 },
      { minute: 30, partition: 2 },
    )
    const vector = advance({ epoch: 0, positions: [] }, [
      { epoch: 0, partition: 0, next: 1, timestampMs: 1 },
      { epoch: 0, partition: 1, next: 1, timestampMs: 1 },
    ])
    expect((await find({ vector })).stretches).toEqual([
      [20, 21],
      [30, 31],
    ])
  })

  test('passes a file over whose offsets all lie below the vector, however new it is', async () => {
    await append(...at(0, 10))
    const { vector } = await takenIn()
    await append({ minute: 20, partition: 1 }, { minute: 40, partition: 1 })
    expect((await find({ vector, ticksSequence: 0 })).stretches).toEqual([
      [20, 21],
      [40, 41],
    ])
    expect(store.dataFilesRead).toHaveLength(1)
  })

  test('opens no file whose ticks lie within one minute, and each of the others once', async () => {
    for (let i = 0; i < 5; i++) await append({ minute: i }, { minute: i, withinUs: MINUTE_US - 1 })
    expect((await find()).stretches).toEqual([[0, 5]])
    expect(store.dataFilesRead).toEqual([])
    await append(...at(100, 200))
    expect((await find()).stretches).toEqual([
      [0, 5],
      [100, 101],
      [200, 201],
    ])
    expect(store.dataFilesRead).toHaveLength(1)
  })
})

/** So many ticks in each of some minutes. */
const many = (count: number, ...minutes: number[]) =>
  minutes.flatMap(minute => Array.from({ length: count }, () => ({ minute })))

describe('where more than 50,000 rows lie in files that are wider than a minute', () => {
  test('50,000 of them are looked at', async () => {
    await append(...many(25_000, 0, 100))
    expect(await find()).toEqual({
      stretches: [
        [0, 1],
        [100, 101],
      ],
      isExact: true,
    })
  })

  test('of 50,001 the files’ bounds are taken, and none is opened', async () => {
    await append(...many(25_000, 0, 100))
    await append(...at(1_000))
    expect((await find()).isExact).toBe(true)
    store.dataFilesRead.length = 0
    await append(...at(200, 300))
    expect(await find()).toEqual({
      stretches: [
        [0, 101],
        [200, 301],
        [1_000, 1_001],
      ],
      isExact: false,
    })
    expect(store.dataFilesRead).toEqual([])
  })

  test('files that lie within one minute do not count', async () => {
    await append(...many(50_001, 7))
    await append(...at(100, 200))
    expect((await find()).isExact).toBe(true)
  })
})

/** As a writer that keeps no statistics would commit it. */
function withoutBounds({ lowerBounds: _lower, upperBounds: _upper, ...file }: DataFile): DataFile {
  return file
}

describe('a file without bounds', () => {
  test('is looked at, as it may hold its whole day', async () => {
    await commit(withoutBounds(await dataFile(at(DAY_MINUTES + 5, DAY_MINUTES + 90))))
    expect(await find()).toEqual({
      stretches: [
        [DAY_MINUTES + 5, DAY_MINUTES + 6],
        [DAY_MINUTES + 90, DAY_MINUTES + 91],
      ],
      isExact: true,
    })
  })

  test('gives its whole day where too much is new to be looked at', async () => {
    const file = withoutBounds(await dataFile(at(DAY_MINUTES + 5, DAY_MINUTES + 90)))
    await commit({ ...file, recordCount: 50_001 })
    expect(await find()).toEqual({ stretches: [[DAY_MINUTES, 2 * DAY_MINUTES]], isExact: false })
  })

  test('is passed over where its sequence number says that it is not new', async () => {
    await commit(withoutBounds(await dataFile(at(5))))
    expect((await find({ ...(await takenIn()), vector: { epoch: 0, positions: [] } })).stretches).toEqual([])
  })

  test('has the day of its partition, also before 1970', async () => {
    const minute = -(START_US / MINUTE_US) - 100
    const file = withoutBounds(await dataFile(at(minute, minute + 50)))
    expect(file.partition).toEqual({ date_time_day: -1 })
    await commit({ ...file, recordCount: 50_001 })
    expect((await find()).stretches).toEqual([[-START_US / MINUTE_US - DAY_MINUTES, -START_US / MINUTE_US]])
  })
})

describe('beside files that were made by compaction', () => {
  test.each([
    ['the oldest', 0, 6],
    ['the newest', 6, 12],
    ['some in the middle', 3, 8],
    ['all', 0, 12],
  ])('%s of 12 commits: every new tick is found', async (_, from, to) => {
    for (let i = 0; i < 12; i++) await append(...at(10 * i, 10 * i + 5))
    await compact(from, to)
    const { stretches, isExact } = await find()
    expect(stretches).toHaveLength(24)
    expect(isExact).toBe(true)
  })

  test('merged files of ticks that the candles have are left unread, new ones are found', async () => {
    for (let i = 0; i < 6; i++) await append(...at(10 * i, 10 * i + 5))
    const taken = await takenIn()
    await compact(0, 6)
    await append(...at(500))
    // The vector alone would not tell: here nothing counts as seen by its offset.
    const vector = { epoch: 0, positions: [] }
    expect((await find({ ...taken, vector })).stretches).toEqual([[500, 501]])
    expect(store.dataFilesRead).toEqual([])
  })

  test('a merged file with ticks that the candles have not seen gives these alone', async () => {
    for (let i = 0; i < 3; i++) await append(...at(10 * i, 10 * i + 5))
    const taken = await takenIn()
    for (let i = 3; i < 6; i++) await append(...at(10 * i, 10 * i + 5))
    await compact(0, 6)
    expect((await find(taken)).stretches.map(([from]) => from)).toEqual([30, 35, 40, 45, 50, 55])
  })

  test('what is found is the same before and after a compaction', async () => {
    for (let i = 0; i < 6; i++) await append(...at(10 * i, 10 * i + 5))
    const before = await find()
    await compact(1, 5)
    expect(await find()).toEqual(before)
  })
})
