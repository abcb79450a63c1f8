import { describe, expect, it } from 'vitest'
import { upperBound } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { dayStartUs, openWorld, readingsSchema, usPerDay, type World } from './fixtures.ts'

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
