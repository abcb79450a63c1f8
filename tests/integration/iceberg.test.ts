import { beforeAll, describe, expect, it } from 'vitest'
import { type ReaderName, read } from '../../bench/readers/readers.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { ObjectMissing } from '../../lib/iceberg/errors.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import { removeOldMetadata } from '../../lib/iceberg/removeOldMetadata.ts'
import { TrinoQuery } from '../../lib/trino/client.ts'
import { readSettings } from '../../sandbox/settings.ts'
import { openWorld, readingsSchema, type World } from '../iceberg/fixtures.ts'
import { openServers, setting } from './icebergServers.ts'

const readers = ['pyiceberg', 'duckdb', 'trino'] as const satisfies ReaderName[]
const symbols = ['north', 'south', 'west']
const trino = new TrinoQuery({ url: setting('TRINO_URL'), user: 'tests' })
const servers = openServers()

let tables = 0

/** A table on the real servers, with a model of which rows (by serial number) each of its files holds. */
async function freshTable() {
  const ident = { namespace: 'iceberg_tests', name: `readings_${Date.now()}_${tables++}` }
  const world = await openWorld({ ...servers, ident })
  let next = 0
  const file = (symbol: string, rows: number) => {
    next += rows
    return world.file({ symbol, rows, from: next - rows, day: next % 3 })
  }
  return {
    world,
    file,
    name: `${ident.namespace}.${ident.name}`,
    sql: `lake.${ident.namespace}.${ident.name}`,
  }
}

type FreshTable = Awaited<ReturnType<typeof freshTable>>

/** 40 commits, some of which replace what the one before brought; gives the serial numbers that are left. */
async function fill({ world, file }: FreshTable): Promise<Set<number>> {
  const left = new Set<number>()
  for (let round = 0; round < 40; round++) {
    const add = await Promise.all(symbols.map(symbol => file(symbol, 5 + round)))
    const live =
      round % 4 === 3 ? await planFiles(world.store, await world.load(), { minSequenceNumber: round }) : []
    const remove = live.slice(0, 2)
    for (const serial of await serials(world, add)) left.add(serial)
    for (const serial of await serials(world, remove)) left.delete(serial)
    await world.commit({ add, remove }, { keepSnapshots: 10 })
  }
  return left
}

async function serials({ store }: World, files: readonly DataFile[]): Promise<number[]> {
  const columns = await Promise.all(
    files.map(async file => (await readRows(store, file, readingsSchema)).serial ?? []),
  )
  return columns.flat().map(Number)
}

async function ownSerials(world: World): Promise<number[]> {
  return (await serials(world, await planFiles(world.store, await world.load()))).sort((a, b) => a - b)
}

function sorted(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b)
}

async function readWith(reader: ReaderName, table: string) {
  const { cacheDir } = readSettings()
  const env = { ...process.env, ...connection() }
  const found = await read(reader, {
    tables: [table],
    limit: 100_000,
    symbol: 'west',
    env,
    cacheDir,
    onProgress() {},
  })
  const report = found.get(table)
  return { count: report?.count, columns: report?.columns, west: report?.rows.map(row => Number(row.serial)) }
}

function connection(): Record<string, string> {
  const names = [
    'S3_ENDPOINT',
    'S3_REGION',
    'S3_ACCESS_KEY_ID',
    'S3_SECRET_ACCESS_KEY',
    'ICEBERG_URI',
    'ICEBERG_WAREHOUSE',
  ]
  const more = [
    'ICEBERG_CLIENT_ID',
    'ICEBERG_CLIENT_SECRET',
    'ICEBERG_OAUTH2_URI',
    'ICEBERG_SCOPE',
    'TRINO_URL',
  ]
  return Object.fromEntries([...names, ...more].map(name => [name, setting(name)]))
}

async function optimize(table: FreshTable): Promise<void> {
  await trino.rows(`ALTER TABLE ${table.sql} EXECUTE optimize`)
}

describe('a table after 40 appends and replaces', () => {
  let table: FreshTable
  let left: Set<number>

  beforeAll(async () => {
    table = await freshTable()
    left = await fill(table)
  })

  it('has the rows of the model, 10 snapshots and right totals', async () => {
    const { metadata } = await table.world.load()
    expect(await ownSerials(table.world)).toEqual(sorted(left))
    expect(metadata.snapshots).toHaveLength(10)
    expect(currentSnapshot({ metadata })?.summary['total-records']).toBe(String(left.size))
  })

  it.each(readers)('is read equally by %s', async reader => {
    const found = await readWith(reader, table.name)
    expect(found.count).toBe(left.size)
    const { columns } = await readWith('pyiceberg', table.name)
    expect(found.columns).toEqual(columns)
    const west = await planFiles(table.world.store, await table.world.load(), {
      within: { symbol: { from: 'west', to: 'west' } },
    })
    expect(sorted(found.west ?? [])).toEqual(sorted(await serials(table.world, west)))
  })

  it('keeps its rows when Trino compacts it, and takes appends and replaces of Trino’s files', async () => {
    await optimize(table)
    expect(await ownSerials(table.world)).toEqual(sorted(left))
    const compacted = await planFiles(table.world.store, await table.world.load())
    expect(compacted.length).toBeLessThan(10)
    const add = [await table.file('west', 7)]
    const remove = compacted.slice(0, 1)
    for (const serial of await serials(table.world, add)) left.add(serial)
    for (const serial of await serials(table.world, remove)) left.delete(serial)
    await table.world.commit({ add, remove })
    expect(await ownSerials(table.world)).toEqual(sorted(left))
    for (const reader of readers) expect((await readWith(reader, table.name)).count).toBe(left.size)
  })

  it('drops the snapshots that Trino made like its own, and stays whole', async () => {
    for (let i = 0; i < 6; i++) await table.world.commit({}, { keepSnapshots: 4 })
    const { metadata } = await table.world.load()
    expect(metadata.snapshots).toHaveLength(4)
    const [row] = await trino.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table.sql}`)
    expect(row?.count).toBe(left.size)
  })
})

describe('a table of which 5 earlier metadata files are kept', () => {
  it('has 6 of 31 left in the store after 30 commits', async () => {
    const ident = { namespace: 'iceberg_tests', name: `metadata_${Date.now()}` }
    const properties = {
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '5',
    }
    const world = await openWorld({ ...servers, ident, properties })
    let table = await world.load()
    const written = [table.metadataLocation]
    for (let i = 0; i < 30; i++) {
      const before = table
      table = await world.commit({})
      written.push(table.metadataLocation)
      await removeOldMetadata(world.store, before, table)
    }
    const readable = await Promise.allSettled(written.map(uri => world.store.read(uri!)))
    const left = written.filter((_, i) => readable[i]?.status === 'fulfilled')
    expect(new Set(written).size).toBe(31)
    expect(left).toEqual(written.slice(-6))
    expect((await world.load()).metadata.snapshots).toHaveLength(30)
  })
})

describe('a table that another engine deletes rows from', () => {
  it('takes appends and replaces, and is read without them, before compaction and after', async () => {
    const table = await freshTable()
    const { world } = table
    await world.commit({ add: [await table.file('north', 10), await table.file('south', 10)] })
    await trino.rows(`DELETE FROM ${table.sql} WHERE serial = 3`)
    await world.commit({ add: [await table.file('west', 10)] })
    expect(await ownSerials(world)).toHaveLength(29)
    expect(await ownSerials(world)).not.toContain(3)
    const south = { symbol: { from: 'south', to: 'south' } }
    const [file] = await planFiles(world.store, await world.load(), { within: south })
    await world.commit({ remove: [file!] })
    const [row] = await trino.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table.sql}`)
    expect(row?.count).toBe(19)
    await optimize(table)
    expect(await ownSerials(world)).toHaveLength(19)
  })
})

describe('Trino', () => {
  it('reads an older snapshot as of which a replace happened since', async () => {
    const table = await freshTable()
    const { world } = table
    const before = currentSnapshot(await world.commit({ add: [await table.file('north', 10)] }))
    const [file] = await planFiles(world.store, await world.load())
    await world.commit({ add: [await table.file('north', 3)], remove: [file!] })
    const count = async (version = '') =>
      (await trino.rows<{ count: number }>(`SELECT count(*) AS count FROM ${table.sql}${version}`))[0]?.count
    expect(await count()).toBe(3)
    expect(await count(` FOR VERSION AS OF ${before?.snapshotId}`)).toBe(10)
  })

  it('deletes a replaced file when the snapshot that replaced it is expired', async () => {
    const table = await freshTable()
    const { world } = table
    await world.commit({ add: [await table.file('north', 10)] })
    const [file] = await planFiles(world.store, await world.load())
    await world.commit({ add: [await table.file('north', 3)], remove: [file!] })
    await world.commit({})
    const expire = `ALTER TABLE ${table.sql} EXECUTE expire_snapshots(retention_threshold => '1s')`
    const afterExpiry = async () => {
      await trino.rows(expire)
      return world.store.read(file!.path).catch(error => error)
    }
    await expect.poll(afterExpiry).toBeInstanceOf(ObjectMissing)
    expect(await ownSerials(world)).toHaveLength(3)
  })
})
