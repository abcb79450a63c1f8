import { beforeEach, describe, expect, test } from 'vitest'
import { changesOf, isUnchanged, NO_CHANGES } from '../../lib/iceberg/changes.ts'
import { type DataFile, type LiveFile, lowerBound, upperBound } from '../../lib/iceberg/dataFile.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { DAY_US } from '../../lib/market/time.ts'
import { fieldNamed } from '../../lib/tables/layout.ts'
import { MemoryCatalog } from '../support/memoryCatalog.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { openWorld, readingsSchema, type World } from './fixtures.ts'

let world: World
let files: LiveFile[]
beforeEach(async () => {
  const ident = { namespace: 'n', name: 't' }
  world = await openWorld({ catalog: new MemoryCatalog(), store: new MemoryStore(), ident })
  await world.commit({ add: [await world.file({ rows: 3 }), await world.file({ from: 3, rows: 3 })] })
  files = await planFiles(world.store, await world.load())
})
const changesIn = (table: Table) => changesOf(world.store, table, currentSnapshot(table)!)
const pathsOf = (some: readonly DataFile[]) => some.map(({ path }) => path)

describe('what a snapshot changed', () => {
  test('is what it added, and nothing that was there', async () => {
    const file = await world.file({ from: 6, rows: 2 })
    const { added, removed, addedDeletes } = await changesIn(await world.commit({ add: [file] }))
    expect([pathsOf(added), removed, addedDeletes]).toEqual([[file.path], [], []])
  })

  test('is what it removed, in manifests that it has rewritten', async () => {
    const { added, removed } = await changesIn(await world.commit({ add: [], remove: files.slice(0, 1) }))
    expect([added, pathsOf(removed)]).toEqual([[], [files[0]!.path]])
  })

  test('is of files that say by their partition alone which values they hold', async () => {
    const { lowerBounds, upperBounds, ...file } = await world.file({ from: 6, rows: 2 })
    const { added } = await changesIn(await world.commit({ add: [file] }))
    const dateTime = fieldNamed(readingsSchema, 'date_time')
    const day = Number(file.partition.date_time_day)
    expect(lowerBound(added[0]!, dateTime)).toBe(day * DAY_US)
    expect(upperBound(added[0]!, dateTime)).toBe((day + 1) * DAY_US - 1)
  })

  test('is nothing where it put as many rows into other files and says so, nor where it did nothing', async () => {
    const merged = await world.file({ rows: 6 })
    expect(await changesIn(await world.commit({ add: [merged], remove: files, rewriteOf: 1 }))).toBe(
      NO_CHANGES,
    )
    expect(isUnchanged(await changesIn(await world.commit({ add: [] })))).toBe(true)
  })

  test('is a change where it says that it replaced files and has fewer rows, or puts as many and says something else', async () => {
    const fewer = await world.commit({ add: [await world.file({ rows: 5 })], remove: files, rewriteOf: 1 })
    expect(isUnchanged(await changesIn(fewer))).toBe(false)
    const left = await planFiles(world.store, fewer)
    const other = await world.commit({ add: [await world.file({ rows: 5 })], remove: left })
    expect(isUnchanged(await changesIn(other))).toBe(false)
  })

  test('cannot be told where it removed more files than its manifests list', async () => {
    const table = await world.commit({ add: [], remove: files.slice(0, 1) })
    const snapshot = currentSnapshot(table)!
    const summary = { ...snapshot.summary, 'deleted-data-files': '2' }
    await expect(changesOf(world.store, table, { ...snapshot, summary })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    })
  })
})
