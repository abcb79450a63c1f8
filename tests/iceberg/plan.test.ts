import { describe, expect, it } from 'vitest'
import { lowerBound, upperBound } from '../../lib/iceberg/dataFile.ts'
import { type PlanOptions, planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import type { PartitionSpec, Transform } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { encodeDataFiles } from '../../lib/iceberg/write.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { dayStartUs, openWorld, readings, readingsSchema, usPerDay, type World } from './fixtures.ts'

/** Counts what is read. */
class CountingStore extends MemoryStore {
  readonly reads: string[] = []

  override async read(uri: string): Promise<Uint8Array> {
    this.reads.push(uri)
    return super.read(uri)
  }
}

/** Another process, which has nothing in memory yet. */
function cold(store: MemoryStore): CountingStore {
  const other = new CountingStore()
  other.read = async uri => {
    other.reads.push(uri)
    return store.read(uri)
  }
  return other
}

async function thirtyDays(store: MemoryStore): Promise<World> {
  const world = await openWorld({ store })
  for (let day = 0; day < 30; day++) await world.commit({ add: [await world.file({ day, from: day })] })
  return world
}

const firstDay = 20_167
const startOf = (day: number) => dayStartUs + day * usPerDay

describe('planning', () => {
  it('gives no files for a table without a snapshot', async () => {
    const world = await openWorld()
    expect(await planFiles(world.store, await world.load())).toEqual([])
  })

  it('reads 1 of 30 manifests for one of 30 days, and none the second time', async () => {
    const store = new MemoryStore()
    const table = await (await thirtyDays(store)).load()
    const reader = cold(store)
    const within = { date_time: { from: startOf(7), to: startOf(8) - 1 } }
    const files = await planFiles(reader, table, { within })
    expect(files.map(file => file.partition.date_time_day)).toEqual([firstDay + 7])
    expect(reader.reads).toHaveLength(2)
    await planFiles(reader, table, { within })
    expect(reader.reads).toHaveLength(2)
  })

  it('reads only manifests of sequence number 29 and later', async () => {
    const store = new MemoryStore()
    const table = await (await thirtyDays(store)).load()
    const reader = cold(store)
    const files = await planFiles(reader, table, { minSequenceNumber: 29 })
    expect(files.map(file => file.sequenceNumber).sort()).toEqual([29, 30])
    expect(reader.reads).toHaveLength(3)
  })

  it('keeps 2 of 30 files by partition and by bounds', async () => {
    const store = new MemoryStore()
    const table = await (await thirtyDays(store)).load()
    const serial = readingsSchema.fields[3]!
    const files = await planFiles(store, table, {
      within: { date_time: { to: startOf(10) - 1 } },
      keep: file => Number(upperBound(file, serial)) >= 10,
    })
    expect(files.map(file => file.partition.date_time_day).sort()).toEqual([firstDay + 8, firstDay + 9])
  })
})

describe('partitions that others chose', () => {
  const withSpec = (table: Table, spec: Omit<PartitionSpec, 'specId'>): Table => ({
    ...table,
    metadata: {
      ...table.metadata,
      defaultSpecId: 7,
      partitionSpecs: [...table.metadata.partitionSpecs, { specId: 7, ...spec }],
    },
  })
  const field = (sourceId: number, transform: Transform, name: string) => ({
    sourceId,
    fieldId: 1000 + sourceId,
    name,
    transform,
  })
  const SPECS: PartitionSpec['fields'][] = [
    [],
    [field(5, 'month', '1 mes (día)')],
    [field(5, 'hour', 'h'), field(1, 'bucket[4]', 'b')],
    [field(1, 'truncate[1]', 't'), field(5, 'year', 'y')],
    [field(1, 'identity', 's'), field(5, 'void', 'v')],
    [field(7, 'identity', 'note'), field(4, 'bucket[3]', 'b')],
  ]

  it.each(
    SPECS.map(
      fields => [fields.map(({ name, transform }) => `${name}: ${transform}`).join(', '), fields] as const,
    ),
  )('by [%s] part rows into files, each found again, and only with rows of its own', async (_, fields) => {
    const world = await openWorld()
    const table = withSpec(await world.load(), { fields })
    const parts = [
      readings({ symbol: 'north', rows: 40 }),
      readings({ symbol: 'south', rows: 40, day: 40, from: 40 }),
    ]
    const columns = Object.fromEntries(
      Object.keys(parts[0]!).map(name => [name, parts.flatMap(part => Array.from(part[name]!))]),
    )
    const encoded = encodeDataFiles(table, columns, 80)
    for (const { file, bytes } of encoded) await world.store.write(file.path, bytes)
    const { snapshot } = await stageSnapshot(world.store, table, {
      add: encoded.map(({ file }) => file),
      nowMs: 1,
    })
    const written = {
      ...table,
      metadata: { ...table.metadata, snapshots: [snapshot], currentSnapshotId: snapshot.snapshotId },
    }
    const rowsOf = async (within?: PlanOptions['within']) => {
      const files = await planFiles(cold(world.store as MemoryStore), written, within ? { within } : {})
      const rows = await Promise.all(files.map(file => readRows(world.store, file, readingsSchema)))
      return {
        files: files.length,
        serial: rows.flatMap(({ serial }) => serial!.map(Number)).sort((a, b) => a - b),
      }
    }
    expect((await rowsOf()).serial).toEqual(Array.from({ length: 80 }, (_, i) => i))
    const south = await rowsOf({ date_time: { from: startOf(40), to: startOf(41) } })
    expect(south.serial.filter(serial => serial >= 40)).toHaveLength(40)
    if (fields.some(({ sourceId }) => sourceId === 1 || sourceId === 5)) expect(south.serial).toHaveLength(40)
    expect((await rowsOf({ symbol: { from: 'north', to: 'north' } })).serial.slice(0, 40)).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    )
    expect((await rowsOf({ serial: { from: 80 } })).files).toBe(0)
  })

  it('give a file without bounds the bounds of its partition', async () => {
    const world = await openWorld()
    const { lowerBounds: _lower, upperBounds: _upper, ...unknown } = await world.file({ day: 3 })
    const [file] = await planFiles(world.store, await world.commit({ add: [unknown] }))
    const dateTime = readingsSchema.fields[4]!
    expect([lowerBound(file!, dateTime), upperBound(file!, dateTime)]).toEqual([startOf(3), startOf(4) - 1])
    expect(lowerBound(file!, readingsSchema.fields[0]!)).toBe('north')
    expect(lowerBound(file!, readingsSchema.fields[3]!)).toBeUndefined()
  })
})
