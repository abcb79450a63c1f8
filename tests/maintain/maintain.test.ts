import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { CommitConflict, CommitUnknown, ObjectMissing } from '../../lib/iceberg/errors.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import { referencedFiles } from '../../lib/iceberg/upkeep/referencedFiles.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { type MaintainServices, maintain } from '../../lib/maintain/maintain.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { rollUpInMemory, ticksOf } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, tickJson, type World } from '../support/world.ts'

const HOUR_MS = 3_600_000

let world: World
let offset: number
beforeEach(async () => {
  world = await newWorld()
  offset = 0
})

/** Commits as a process does that has just begun, one file a day each: a warm one may lose the first race after a compaction. */
async function appendTicks(commits: number, dateTime = '2026-03-01T11:00:00'): Promise<void> {
  for (let i = 0; i < commits; i++) {
    produce(world, 0, tickJson(offset, dateTime))
    await ingest(world, [await batch(world, 0, offset, offset + 1)], { trust: newTrust() })
    offset += 1
  }
}

const rollUp = () => rollUpInMemory(world.services, world.clock.nowMs * 1000)
const upkeep = (services: Partial<MaintainServices> = {}, only?: 'compaction' | 'orphans') =>
  maintain({ ...world.services, ...services }, only === undefined ? {} : { only }, () => 240_000)
const load = (ident: TableIdent) => world.catalog.loadTable(ident)
const filesOf = async (ident: TableIdent) => planFiles(world.services.store, await load(ident))

/** What lies in the store and is in no snapshot of either table. */
async function unnamedFiles(): Promise<string[]> {
  const named = new Set<string>()
  for (const ident of [TICKS_TABLE, CANDLES_TABLE]) {
    for await (const uris of referencedFiles(world.services.store, await load(ident))) {
      for (const uri of uris) named.add(uri)
    }
  }
  return world.services.store.uris.filter(uri => !named.has(uri))
}

/** Every row with all its values, sorted: a lost, doubled or changed one shows. */
async function rowsOf(ident: TableIdent, table?: Table): Promise<string[]> {
  const { store } = world.services
  const loaded = table ?? (await load(ident))
  const files = await planFiles(store, loaded)
  const perFile = await Promise.all(
    files.map(async ({ path }) => {
      const columns = await decodeParquet(await store.read(path), loaded.metadata.schemas[0]!)
      const names = Object.keys(columns)
      return columns[names[0]!]!.map((_, i) => names.map(name => `${name}=${columns[name]![i]}`).join())
    }),
  )
  return perFile.flat().sort()
}

/** Candles of m1 in settled files of 2,000 rows, all closed, as rollup leaves them; `files` of them. */
async function settleCandles(files: number): Promise<void> {
  for (let f = 0; f < files; f++) {
    const candles = await load(CANDLES_TABLE)
    const rows = Array.from({ length: 2_000 }, (_, i) => candle(f * 2_000 + i))
    const file = await writeDataFile(world.services.store, candles, candleColumns(rows), rows.length)
    const state = { ...candlesState(candles), stampUs: world.clock.nowMs * 1000 + f }
    const change = { add: [file], summary: candlesSummary(state), nowMs: world.clock.nowMs }
    const staged = await stageSnapshot(world.services.store, candles, change)
    await commitSnapshot(world.catalog, candles, staged)
  }
}

function candle(minute: number, closed = true): Candle {
  const price = 100 + (minute % 7)
  const values = { open: price, high: price + 1, low: price - 1, close: price, volume: 3 }
  const dateTimeUs = Date.UTC(2026, 1, 1) * 1000 + (minute % 40_000) * 60_000_000
  const key = { source: 's', symbol: `x${Math.floor(minute / 40_000)}`, timeframe: 'm1', dateTimeUs }
  return { ...key, ...values, closed, revision: 1 + (minute % 3), updatedAtUs: 1_000_000 + minute }
}

describe('compaction of ticks', () => {
  test('makes 1 file of 12, with the same rows, the vector, the totals, and the largest sequence number', async () => {
    await appendTicks(12)
    await rollUp()
    const [rows, before] = [await rowsOf(TICKS_TABLE), await load(TICKS_TABLE)]
    const inputs = await filesOf(TICKS_TABLE)
    const result = await upkeep()
    expect(result['market_data.stock_ticks']).toMatchObject({ merged: 12, into: 1, files: 1 })

    expect(await rowsOf(TICKS_TABLE)).toEqual(rows)
    const table = await load(TICKS_TABLE)
    expect(ticksState(table)).toEqual(ticksState(before))
    expect(currentSnapshot(table)?.summary).toMatchObject({
      operation: 'replace',
      'tickhouse.vector': expect.any(String),
      'total-records': '12',
      'total-data-files': '1',
    })
    const [merged] = await filesOf(TICKS_TABLE)
    expect(merged?.sequenceNumber).toBe(Math.max(...inputs.map(file => file.sequenceNumber)))
    expect(merged?.fileSequenceNumber).toBe(table.metadata.lastSequenceNumber)
  })

  test('leaves rollup nothing to read that it has read: no file above its sequence number', async () => {
    await appendTicks(8)
    await rollUp()
    await upkeep()
    const { ticksSequence } = candlesState(await load(CANDLES_TABLE))
    const newer = await planFiles(world.services.store, await load(TICKS_TABLE), {
      minSequenceNumber: ticksSequence + 1,
    })
    expect(newer).toEqual([])
  })

  test('leaves ticks alone that are not in the candles yet', async () => {
    await appendTicks(8)
    await rollUp()
    await appendTicks(6)
    expect(await upkeep()).toMatchObject({ 'market_data.stock_ticks': { merged: 8, into: 1, files: 7 } })
  })

  test('leaves all alone when the candles are made of another ticks table', async () => {
    await appendTicks(8)
    await rollUp()
    const candles = await load(CANDLES_TABLE)
    const summary = candlesSummary({ ...candlesState(candles), ticksUuid: 'another' })
    const staged = await stageSnapshot(world.services.store, candles, { add: [], summary, nowMs: 0 })
    await commitSnapshot(world.catalog, candles, staged)
    expect(await upkeep()).toMatchObject({ 'market_data.stock_ticks': { merged: 0, files: 8 } })
  })

  test('keeps days apart, and sorts rows by time', async () => {
    await appendTicks(4, '2026-02-27T09:00:00')
    await appendTicks(4, '2026-02-27T08:00:00')
    await appendTicks(4, '2026-02-28T09:00:00')
    await rollUp()
    expect(await upkeep()).toMatchObject({ 'market_data.stock_ticks': { merged: 12, into: 2 } })
    const files = await filesOf(TICKS_TABLE)
    const times = await Promise.all(
      files.map(async ({ path }) => {
        const bytes = await world.services.store.read(path)
        return (await decodeParquet(bytes, TICKS_SCHEMA, ['date_time'])).date_time as number[]
      }),
    )
    expect(times.map(column => column.length).sort()).toEqual([4, 8])
    for (const column of times) expect(column).toEqual(column.toSorted((a, b) => a - b))
  })

  test('sorts rows by hour, then symbol, source and time: so an hour lies together, and in it a symbol', async () => {
    const ticks = [
      ['s', 'b', '09:59:59'],
      ['s', 'a', '10:00:00'],
      ['t', 'a', '09:00:00'],
      ['s', 'a', '09:30:00'],
      ['s', 'a', '09:10:00'],
      ['s', 'b', '09:00:00'],
    ] as const
    for (const [source, symbol, time] of ticks) {
      const tick = { source, symbol, ask: 2, bid: 1, mid: 1.5, number: 1, dateTime: `2026-02-27T${time}` }
      produce(world, 0, JSON.stringify(tick))
      await ingest(world, [await batch(world, 0, offset, ++offset)], { trust: newTrust() })
    }
    await rollUp()
    await upkeep()
    const [file, ...others] = await filesOf(TICKS_TABLE)
    expect(others).toEqual([])
    const columns = await decodeParquet(await world.services.store.read(file!.path), TICKS_SCHEMA)
    const rows = columns.date_time!.map((timeUs, i) => {
      const time = new Date(Number(timeUs) / 1000).toISOString().slice(11, 19)
      return [columns.source![i], columns.symbol![i], time]
    })
    expect(rows).toEqual([
      ['s', 'a', '09:10:00'],
      ['s', 'a', '09:30:00'],
      ['t', 'a', '09:00:00'],
      ['s', 'b', '09:00:00'],
      ['s', 'b', '09:59:59'],
      ['s', 'a', '10:00:00'],
    ])
  })

  test('a second call finds nothing to do and commits nothing', async () => {
    await appendTicks(12)
    await rollUp()
    await upkeep()
    const { currentSnapshotId } = (await load(TICKS_TABLE)).metadata
    expect(await upkeep()).toMatchObject({ 'market_data.stock_ticks': { merged: 0, into: 0 } })
    expect((await load(TICKS_TABLE)).metadata.currentSnapshotId).toBe(currentSnapshotId)
  })

  test('works on a table on top of which another engine left a snapshot without a vector', async () => {
    await appendTicks(8)
    await rollUp()
    const before = await load(TICKS_TABLE)
    const staged = await stageSnapshot(world.services.store, before, { add: [], nowMs: 0 })
    await commitSnapshot(world.catalog, before, staged)
    expect(await upkeep()).toMatchObject({ 'market_data.stock_ticks': { merged: 8, into: 1 } })
    const table = await load(TICKS_TABLE)
    expect(currentSnapshot(table)?.summary['tickhouse.vector']).toBe(
      currentSnapshot(before)?.summary['tickhouse.vector'],
    )
  })

  test('of a table that was rolled back keeps the rows of that version, and only those', async () => {
    await appendTicks(8)
    const target = await load(TICKS_TABLE)
    await appendTicks(4)
    await rollUp()
    await world.catalog.commit(
      TICKS_TABLE,
      [],
      [
        {
          action: 'set-snapshot-ref',
          ref: 'main',
          type: 'branch',
          snapshotId: target.metadata.currentSnapshotId!,
        },
      ],
    )
    const rows = await rowsOf(TICKS_TABLE)
    await upkeep()
    expect(rows).toHaveLength(8)
    expect(await rowsOf(TICKS_TABLE)).toEqual(rows)
    expect(ticksState(await load(TICKS_TABLE))).toEqual(ticksState(target))
  })

  test('a file that another engine has spoiled leaves its day as it is, and no other', async () => {
    await appendTicks(4, '2026-02-20T10:00:00')
    await appendTicks(4, '2026-02-21T10:00:00')
    await rollUp()
    const [spoiled] = await filesOf(TICKS_TABLE)
    await world.services.store.write(spoiled!.path, Buffer.from('no Parquet'))
    const warnings: unknown[] = []
    const log = { ...world.services.log, warn: (...warning: unknown[]) => void warnings.push(warning) }
    const result = await upkeep({ log })
    expect(result['market_data.stock_ticks']).toMatchObject({ merged: 4, into: 1, files: 5 })
    expect(warnings).toMatchObject([
      [expect.stringContaining('not merged'), { table: 'market_data.stock_ticks', files: 4 }],
    ])
  })

  test('begins nothing when little time is left', async () => {
    await appendTicks(8)
    await rollUp()
    const result = await maintain(world.services, {}, () => 59_000)
    expect(result).toMatchObject({ 'market_data.stock_ticks': { merged: 0, files: 8 } })
  })
})

describe('compaction of candles', () => {
  test('makes 1 file of 5 settled ones, every field of every row as it was', async () => {
    await settleCandles(5)
    const rows = await rowsOf(CANDLES_TABLE)
    expect(await upkeep()).toMatchObject({ 'market_data.candles': { merged: 5, into: 1, files: 1 } })
    expect(rows).toHaveLength(10_000)
    expect(await rowsOf(CANDLES_TABLE)).toEqual(rows)
  })

  test('fills files up to 50,000 rows, then leaves them alone', async () => {
    await settleCandles(30)
    expect(await upkeep()).toMatchObject({ 'market_data.candles': { merged: 30, into: 2 } })
    const sizes = (await filesOf(CANDLES_TABLE)).map(({ recordCount }) => recordCount).sort((a, b) => a - b)
    expect(sizes).toEqual([10_000, 50_000])
    expect(await upkeep()).toMatchObject({ 'market_data.candles': { merged: 0 } })
  })

  test('leaves what the next minute rewrites: small files, and those that hold open candles', async () => {
    await settleCandles(4)
    const { store } = world.services
    for (const rows of [[candle(9_000), candle(9_001, false)], [candle(9_002)]]) {
      const table = await load(CANDLES_TABLE)
      const add = [await writeDataFile(store, table, candleColumns(rows), rows.length)]
      const open = Array.from({ length: 2_000 }, (_, i) => candle(12_000 + i, i > 0))
      add.push(await writeDataFile(store, table, candleColumns(open), open.length))
      await commitSnapshot(world.catalog, table, await stageSnapshot(store, table, { add, nowMs: 0 }))
    }
    expect(await upkeep()).toMatchObject({ 'market_data.candles': { merged: 4, into: 1, files: 5 } })
  })
})

/** A catalog that fares as told at its first commits. */
function faulty(...faults: ((commit: () => Promise<Table>) => Promise<Table>)[]): Catalog {
  const { catalog } = world
  return {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (ident, definition) => catalog.createTable(ident, definition),
    loadTable: ident => catalog.loadTable(ident),
    commit: (ident, requirements, updates) => {
      const commit = () => catalog.commit(ident, requirements, updates)
      return (faults.shift() ?? (run => run()))(commit)
    },
  }
}

describe('compaction beside others', () => {
  beforeEach(async () => {
    await appendTicks(8)
    await rollUp()
  })

  const appendFirst = async (commit: () => Promise<Table>) => {
    await appendTicks(1)
    return commit()
  }
  const answerLost = async (commit: () => Promise<Table>): Promise<Table> => {
    await commit()
    throw new CommitUnknown('no answer')
  }
  const neverArrived = async (): Promise<Table> => {
    throw new CommitUnknown('no answer')
  }
  const successTold409 = async (commit: () => Promise<Table>): Promise<Table> => {
    await commit()
    throw new CommitConflict('409')
  }

  test.each([
    ['3 appends come first', [appendFirst, appendFirst, appendFirst], 1, 11],
    ['the answer to its commit is lost', [answerLost], 1, 8],
    ['its commit never arrives', [neverArrived], 1, 8],
    ['its own success is answered by 409', [successTold409], 1, 8],
    ['the answer is lost and an append follows', [answerLost, appendFirst], 1, 8],
    ['4 appends come first: it gives way', Array(4).fill(appendFirst), 0, 12],
  ])('each row once when %s', async (_, faults, into, rows) => {
    const result = await upkeep({ catalog: faulty(...faults) })
    expect(result).toMatchObject({ 'market_data.stock_ticks': { into } })
    expect(await rowsOf(TICKS_TABLE)).toHaveLength(rows)
    expect(new Set(await rowsOf(TICKS_TABLE)).size).toBe(rows)
  })

  test('nothing is committed while rollup is at work: the first 10 s of a minute', async () => {
    const { store } = world.services
    const minuteMs = Math.ceil(world.clock.nowMs / 60_000) * 60_000
    let slowMs: number | undefined
    // Writing takes so long that the next minute has begun.
    const nowMs = () => (slowMs === undefined ? minuteMs - 30_000 : minuteMs + 9_900 + Date.now() - slowMs)
    const slow: ObjectStore = {
      read: uri => store.read(uri),
      readRange: (...range) => store.readRange(...range),
      remove: uri => store.remove(uri),
      list: prefix => store.list(prefix),
      write: async (uri, bytes) => {
        slowMs ??= Date.now()
        await store.write(uri, bytes)
      },
    }
    const committedMs: number[] = []
    const seen = async (commit: () => Promise<Table>) => {
      committedMs.push(nowMs() - minuteMs)
      return commit()
    }
    expect(await upkeep({ store: slow, nowMs, catalog: faulty(seen) })).toMatchObject({
      'market_data.stock_ticks': { merged: 8, into: 1 },
    })
    expect(committedMs).toHaveLength(1)
    expect(committedMs[0]).toBeGreaterThanOrEqual(9_999)
  })

  test('a lost commit that lands late is found, and nothing is replaced twice', async () => {
    let landLate: (() => Promise<Table>) | undefined
    const lost = async (commit: () => Promise<Table>): Promise<Table> => {
      landLate = commit
      throw new CommitUnknown('no answer')
    }
    const afterIt = async (commit: () => Promise<Table>) => {
      await landLate!()
      return commit()
    }
    expect(await upkeep({ catalog: faulty(lost, afterIt) })).toMatchObject({
      'market_data.stock_ticks': { merged: 8, into: 1, files: 1 },
    })
    expect(await rowsOf(TICKS_TABLE)).toHaveLength(8)
  })

  test('two at once: the files are replaced by one of them', async () => {
    const rows = await rowsOf(TICKS_TABLE)
    const inTheMiddle = async (commit: () => Promise<Table>) => {
      await upkeep()
      return commit()
    }
    expect(await upkeep({ catalog: faulty(inTheMiddle) })).toMatchObject({
      'market_data.stock_ticks': { merged: 0, into: 0, files: 1 },
    })
    expect(await rowsOf(TICKS_TABLE)).toEqual(rows)
  })
})

/** Ends the process, as far as the rest can see, at the nth call of the catalog or the store. */
function killedAt(nth: number): Pick<MaintainServices, 'catalog' | 'store'> & { isAlive(): boolean } {
  const { catalog, store } = world.services
  let calls = 0
  const step = () => {
    calls += 1
    if (calls >= nth) throw new Killed()
  }
  const alive = <Result>(call: () => Result): Result => {
    step()
    return call()
  }
  const killedStore: ObjectStore = {
    read: async uri => alive(() => store.read(uri)),
    readRange: async (...range) => alive(() => store.readRange(...range)),
    write: async (uri, bytes) => alive(() => store.write(uri, bytes)),
    remove: async uri => alive(() => store.remove(uri)),
    list: prefix => alive(() => store.list(prefix)),
  }
  const killedCatalog: Catalog = {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (ident, definition) => catalog.createTable(ident, definition),
    loadTable: async ident => alive(() => catalog.loadTable(ident)),
    commit: async (...commit) => {
      const table = await alive(() => catalog.commit(...commit))
      step() // The commit took effect, and its answer met nobody.
      return table
    },
  }
  return { catalog: killedCatalog, store: killedStore, isAlive: () => calls < nth }
}
class Killed extends Error {}

describe('a process that is killed', () => {
  test('at any of its calls leaves both tables as they were; the next one finishes, and no orphan stays', async () => {
    await appendTicks(6)
    await settleCandles(4)
    await rollUp()
    const rows = [await rowsOf(TICKS_TABLE), await rowsOf(CANDLES_TABLE)]
    let kills = 0
    for (let nth = 1; ; nth++) {
      const killed = killedAt(nth)
      const outcome = await upkeep(killed).catch(error => error)
      if (killed.isAlive()) break
      expect(outcome).toBeInstanceOf(Killed)
      expect([await rowsOf(TICKS_TABLE), await rowsOf(CANDLES_TABLE)]).toEqual(rows)
      kills += 1
    }
    expect(kills).toBeGreaterThan(30)
    expect(await unnamedFiles()).not.toEqual([])
    world.clock.nowMs += HOUR_MS
    await appendTicks(1)
    await settleCandles(1)
    world.clock.nowMs += HOUR_MS
    await upkeep({}, 'orphans')
    expect(await unnamedFiles()).toEqual([])
  })
})

describe('orphan files', () => {
  const orphan = async (name: string) => {
    const { location } = (await load(TICKS_TABLE)).metadata
    const uri = `${location}/${name}`
    await world.services.store.write(uri, Uint8Array.of(1))
    return uri
  }
  const exists = (uri: string) => world.services.store.uris.includes(uri)

  test('are removed once they are older than the retention and its leeway, and no sooner', async () => {
    await appendTicks(1)
    const uris = [await orphan(`data/${randomUUID()}.parquet`), await orphan('metadata/lost-m0.avro')]
    world.clock.nowMs += 0.5 * HOUR_MS
    await appendTicks(1)
    world.clock.nowMs += 1.1 * HOUR_MS
    await upkeep()
    expect(uris.filter(exists)).toEqual([])
  })

  test('that are younger stay: they may be uploads that are not committed yet', async () => {
    await appendTicks(1)
    world.clock.nowMs += 0.5 * HOUR_MS
    const uri = await orphan(`data/${randomUUID()}.parquet`)
    await appendTicks(1)
    world.clock.nowMs += 1.1 * HOUR_MS
    await upkeep()
    expect(exists(uri)).toBe(true)
  })

  test('of another engine stay for three days: it may write for hours before it commits', async () => {
    await appendTicks(1)
    const uri = await orphan(`data/date_time_day=2026-03-01/00000-1-${randomUUID()}-0-00001.parquet`)
    const ours = await orphan(`data/date_time_day=2026-03-01/${randomUUID()}.parquet`)
    world.clock.nowMs += 70 * HOUR_MS
    await appendTicks(1)
    world.clock.nowMs += HOUR_MS
    await upkeep()
    expect([uri, ours].map(exists)).toEqual([true, false])
    world.clock.nowMs += 2 * HOUR_MS
    await upkeep()
    expect(exists(uri)).toBe(false)
  })

  test('are only what tickhouse or another engine writes: other files stay', async () => {
    await appendTicks(1)
    const uris = [await orphan('metadata/1.stats'), await orphan('data/notes.txt'), await orphan('README')]
    world.clock.nowMs += 0.5 * HOUR_MS
    await appendTicks(1)
    world.clock.nowMs += 2 * HOUR_MS
    await upkeep()
    expect(uris.filter(exists)).toEqual(uris)
  })

  test('are not the files of a tagged snapshot, however old', async () => {
    await appendTicks(8)
    await rollUp()
    const tagged = await load(TICKS_TABLE)
    const snapshotId = tagged.metadata.currentSnapshotId!
    const tag = { action: 'set-snapshot-ref', ref: 'audit', type: 'tag', snapshotId } as const
    await world.catalog.commit(TICKS_TABLE, [], [tag])
    await upkeep()
    world.clock.nowMs += 2 * HOUR_MS
    await appendTicks(301)
    world.clock.nowMs += 2 * HOUR_MS
    await appendTicks(1)
    expect((await upkeep({}, 'orphans'))['market_data.stock_ticks']?.removed).toBeGreaterThan(8)
    expect(await rowsOf(TICKS_TABLE, tagged)).toHaveLength(8)
  })

  test('a reader of a snapshot that was current within the retention finds all its files; later they are gone', async () => {
    await appendTicks(8)
    await rollUp()
    world.clock.nowMs += 5 * HOUR_MS
    const held = await load(TICKS_TABLE)
    await upkeep()
    // So many commits that the snapshot leaves the newest ones of the list.
    for (let minute = 0; minute < 55; minute++) {
      world.clock.nowMs += 60_000
      await appendTicks(6)
      if (minute % 15 === 0) await upkeep()
    }
    const isListed = (table: Table) =>
      table.metadata.snapshots.some(({ snapshotId }) => snapshotId === held.metadata.currentSnapshotId)
    await upkeep()
    expect(await rowsOf(TICKS_TABLE, held)).toHaveLength(8)

    for (let i = 0; i < 12; i++) {
      world.clock.nowMs += 6 * 60_000
      await appendTicks(1)
    }
    await upkeep()
    expect(isListed(await load(TICKS_TABLE))).toBe(false)
    await expect(rowsOf(TICKS_TABLE, held)).rejects.toThrow(ObjectMissing)
    expect((await load(TICKS_TABLE)).metadata.snapshots.length).toBeLessThan(315)
  })

  test('with metadata of another table among them are all left alone, and that is said, until that is removed', async () => {
    await appendTicks(1)
    const uri = await orphan(`data/${randomUUID()}.parquet`)
    const { location } = (await load(TICKS_TABLE)).metadata
    const metadata = { 'format-version': 2, 'table-uuid': 'another', location, 'last-updated-ms': 0 }
    const ids = { 'current-schema-id': 0, 'default-spec-id': 0 }
    const text = JSON.stringify({ ...metadata, ...ids })
    await world.services.store.write(`${location}/metadata/00001-x.metadata.json`, Buffer.from(text))
    world.clock.nowMs += 0.5 * HOUR_MS
    await appendTicks(1)
    world.clock.nowMs += 2 * HOUR_MS
    const warnings: string[] = []
    const log = { debug: () => {}, info: () => {}, warn: (message: string) => warnings.push(message) }
    expect(await upkeep({ log })).toMatchObject({ 'market_data.stock_ticks': { removed: 0 } })
    expect(exists(uri)).toBe(true)
    expect(warnings.join()).toContain('belongs to another table')
    await world.services.store.remove(`${location}/metadata/00001-x.metadata.json`)
    expect(await upkeep({ log })).toMatchObject({ 'market_data.stock_ticks': { removed: 1 } })
    expect(exists(uri)).toBe(false)
  })
})

test('what was maintained folds to the same ticks', async () => {
  await appendTicks(9)
  await rollUp()
  const before = await ticksOf(world.services)
  await upkeep()
  const byOffset = (ticks: typeof before) => ticks.toSorted((a, b) => a.offset - b.offset)
  expect(byOffset(await ticksOf(world.services))).toEqual(byOffset(before))
})
