import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataFile, LiveFile } from '../../lib/iceberg/dataFile.ts'
import { CommitConflict, FileNotLive, UnsupportedTable } from '../../lib/iceberg/errors.ts'
import { decodeManifest } from '../../lib/iceberg/manifest/manifest.ts'
import { liveFiles } from '../../lib/iceberg/manifest/manifestFile.ts'
import { decodeManifestList } from '../../lib/iceberg/manifest/manifestList.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { openWorld, readingsSpec, type World } from './fixtures.ts'

async function manifestsOf(world: World, table: Table) {
  return decodeManifestList(await world.store.read(currentSnapshot(table)?.manifestList ?? ''))
}

async function pathsOf(world: World, table: Table): Promise<string[]> {
  return (await planFiles(world.store, table)).map(file => file.path).sort()
}

describe('a staged snapshot', () => {
  it('of an empty table has no parent, sequence number 1 and totals of 0', async () => {
    const world = await openWorld()
    const table = await world.commit({ summary: { vector: '{}' } })
    const snapshot = currentSnapshot(table)
    expect(snapshot?.parentSnapshotId).toBeUndefined()
    expect(snapshot).toMatchObject({ sequenceNumber: 1, schemaId: 0 })
    expect(snapshot?.summary).toMatchObject({ operation: 'append', vector: '{}', 'total-records': '0' })
    expect(await planFiles(world.store, table)).toEqual([])
  })

  it('asks for the uuid of the table, its parent at main, and the columns and partitions that it was made for', async () => {
    const world = await openWorld()
    const table = await world.commit({})
    const { requirements, updates, snapshot } = await stageSnapshot(world.store, table, { add: [], nowMs: 0 })
    expect(requirements).toEqual([
      { type: 'assert-table-uuid', uuid: table.metadata.tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: table.metadata.currentSnapshotId },
      { type: 'assert-current-schema-id', schemaId: 0 },
      { type: 'assert-default-spec-id', specId: 0 },
    ])
    expect(updates.map(update => update.action)).toEqual(['add-snapshot', 'set-snapshot-ref'])
    expect(snapshot.parentSnapshotId).toBe(table.metadata.currentSnapshotId)
  })

  it('writes one manifest and one list for a file, and nothing for an empty append but the list', async () => {
    const store = new MemoryStore()
    const world = await openWorld({ store })
    await world.commit({ add: [await world.file()] })
    expect(store.uris.filter(uri => uri.includes('/metadata/'))).toHaveLength(2)
    const table = await world.commit({ summary: { only: 'a summary' } })
    expect(store.uris.filter(uri => uri.includes('/metadata/'))).toHaveLength(3)
    expect(await pathsOf(world, table)).toHaveLength(1)
  })

  it('carries totals on and counts what changed', async () => {
    const world = await openWorld()
    const [a, b] = [await world.file({ rows: 5 }), await world.file({ symbol: 'south', rows: 7 })]
    await world.commit({ add: [a, b] })
    const [first] = await planFiles(world.store, await world.load())
    const table = await world.commit({ add: [await world.file({ rows: 2 })], remove: [first!] })
    expect(currentSnapshot(table)?.summary).toMatchObject({
      operation: 'overwrite',
      'added-data-files': '1',
      'added-records': '2',
      'deleted-data-files': '1',
      'deleted-records': '5',
      'removed-files-size': String(a.fileSizeBytes),
      'changed-partition-count': '1',
      'total-data-files': '2',
      'total-records': '9',
    })
  })

  it('never goes back in time, whatever the clock says', async () => {
    const world = await openWorld()
    const before = await world.commit({ nowMs: Date.now() + 5000 })
    const table = await world.commit({ nowMs: 1 })
    expect(currentSnapshot(table)!.timestampMs).toBeGreaterThan(currentSnapshot(before)!.timestampMs)
  })

  it('keeps the data sequence number of files through replaces and merges', async () => {
    const world = await openWorld()
    for (let i = 0; i < 40; i++) await world.commit({ add: [await world.file({ from: i })] })
    const table = await world.load()
    const files = await planFiles(world.store, table)
    expect(files.map(file => file.sequenceNumber).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
    expect((await manifestsOf(world, table)).length).toBeLessThan(32)
    expect(new Set(files.map(file => file.snapshotId)).size).toBe(40)
  })

  it('marks a replaced file as deleted once, and forgets it one snapshot later', async () => {
    const world = await openWorld()
    await world.commit({ add: [await world.file({ from: 1 }), await world.file({ from: 2 })] })
    const [first] = await planFiles(world.store, await world.load())
    const replaced = await world.commit({ remove: [first!] })
    expect(await manifestsOf(world, replaced)).toMatchObject([
      { addedFiles: 0, existingFiles: 1, deletedFiles: 1, sequenceNumber: 2, minSequenceNumber: 1 },
    ])
    const [second] = await planFiles(world.store, replaced)
    const emptied = await world.commit({ remove: [second!] })
    expect(await manifestsOf(world, emptied)).toMatchObject([{ existingFiles: 0, deletedFiles: 1 }])
    expect(await manifestsOf(world, await world.commit({}))).toEqual([])
  })

  it('throws CommitConflict for a file that another commit has removed', async () => {
    const world = await openWorld()
    await world.commit({ add: [await world.file(), await world.file({ from: 9 })] })
    const [first] = await planFiles(world.store, await world.load())
    await world.commit({ remove: [first!] })
    await expect(world.commit({ remove: [first!] })).rejects.toThrow(CommitConflict)
  })

  it('is refused for format version 3, which has other rules', async () => {
    const world = await openWorld()
    const table = await world.load()
    const other = { ...table, metadata: { ...table.metadata, formatVersion: 3 } }
    await expect(stageSnapshot(world.store, other, { add: [], nowMs: 0 })).rejects.toThrow(UnsupportedTable)
  })

  it.each([
    [
      'transform zorder',
      "by symbol (zorder), which tickhouse does not write: ALTER TABLE weather.readings SET PROPERTIES partitioning = ARRAY['symbol', 'day(date_time)']",
      {
        defaultSpecId: 1,
        partitionSpecs: [
          readingsSpec,
          { specId: 1, fields: [{ ...readingsSpec.fields[0], transform: 'zorder' }] },
        ],
      },
    ],
    [
      'a partition of type decimal(9, 2)',
      'by symbol (identity)',
      {
        schemas: [{ schemaId: 0, fields: [{ id: 1, name: 'price', type: 'decimal(9, 2)', required: true }] }],
      },
    ],
  ])('is refused for a table with %s, which this writer does not know', async (_, told, part) => {
    const world = await openWorld()
    const add = [await world.file()]
    const table = await world.load()
    const other = { ...table, metadata: { ...table.metadata, ...part } } as Table
    const staging = stageSnapshot(world.store, other, { add, nowMs: 0 })
    await expect(staging).rejects.toThrow(UnsupportedTable)
    await expect(staging).rejects.toThrow(told)
  })

  it('has fewer than 64 manifests after 2,000 appends, each of which wrote at most 4 more', async () => {
    const store = new MemoryStore()
    const world = await openWorld({ store })
    const file = await world.file()
    let most = 0
    for (let i = 0; i < 2000; i++) {
      const before = store.uris.length
      await world.commit({ add: [{ ...file, path: `${file.path}.${i}` }] }, { keepSnapshots: 5 })
      most = Math.max(most, store.uris.length - before)
    }
    const table = await world.load()
    expect((await manifestsOf(world, table)).length).toBeLessThan(64)
    expect(most).toBeLessThanOrEqual(4)
    expect(await pathsOf(world, table)).toHaveLength(2000)
  })
})

/** What a random round does: how many files come, which of those there go. */
interface Round {
  readonly symbols: readonly string[]
  readonly remove: readonly number[]
}

const round: fc.Arbitrary<Round> = fc.record({
  symbols: fc.array(fc.constantFrom('north', 'south', 'west'), { maxLength: 6 }),
  remove: fc.array(fc.nat(20), { maxLength: 4 }),
})

function chosen(live: readonly LiveFile[], picks: readonly number[]): LiveFile[] {
  return [...new Set(picks)].flatMap(pick => live[pick] ?? [])
}

describe('any sequence of appends and replaces', () => {
  it('leaves exactly the files, rows and counts of a plain set of files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 45 }), async rounds => {
        const world = await openWorld()
        const sample = await world.file()
        const model = new Map<string, DataFile>()
        let made = 0
        for (const { symbols, remove } of rounds) {
          const live = await planFiles(world.store, await world.load())
          const gone = chosen(live, remove)
          const add = symbols.map(symbol => ({
            ...sample,
            path: `${sample.path}.${made++}`,
            partition: { ...sample.partition, symbol },
          }))
          await world.commit({ add, remove: gone })
          for (const file of gone) model.delete(file.path)
          for (const file of add) model.set(file.path, file)
        }
        const table = await world.load()
        const live = await planFiles(world.store, table)
        expect(live.map(file => file.path).sort()).toEqual([...model.keys()].sort())
        for (const file of live) expect(file).toMatchObject(model.get(file.path) ?? {})
        const manifests = await manifestsOf(world, table)
        expect(manifests.reduce((sum, manifest) => sum + liveFiles(manifest), 0)).toBe(model.size)
        expect(currentSnapshot(table)?.summary['total-data-files']).toBe(String(model.size))
        expect(currentSnapshot(table)?.summary['total-records']).toBe(String(model.size * sample.recordCount))
        for (const manifest of manifests) {
          const from = live.filter(file => file.sequenceNumber >= manifest.minSequenceNumber)
          expect(manifest.minSequenceNumber).toBeLessThanOrEqual(manifest.sequenceNumber)
          expect(from.length).toBeGreaterThanOrEqual(liveFiles(manifest))
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('a staged rewrite', () => {
  it('gives its files the sequence number of the rows in them, in the manifest and in its list', async () => {
    const world = await openWorld()
    await world.commit({ add: [await world.file({ from: 0 })] })
    await world.commit({ add: [await world.file({ from: 3 })] })
    const inputs = await planFiles(world.store, await world.load())
    const add = [await world.file({ rows: 6 })]
    const table = await world.commit({ add, remove: inputs, rewriteOf: 2 })
    expect(currentSnapshot(table)).toMatchObject({ sequenceNumber: 3, summary: { operation: 'replace' } })

    const manifests = await manifestsOf(world, table)
    const [manifest] = manifests.filter(each => each.addedFiles === 1)
    expect(manifest).toMatchObject({ sequenceNumber: 3, minSequenceNumber: 2 })
    const bytes = await world.store.read(manifest!.path)
    const [entry] = decodeManifest(bytes, manifest!, table.metadata.partitionSpecs[0]!)
    expect(entry).toMatchObject({ status: 'added', sequenceNumber: 2, fileSequenceNumber: 3 })
    expect(await planFiles(world.store, table, { minSequenceNumber: 3 })).toEqual([])
  })

  it('throws FileNotLive when one of the files is gone', async () => {
    const world = await openWorld()
    await world.commit({ add: [await world.file()] })
    const [file] = await planFiles(world.store, await world.load())
    await world.commit({ remove: [file!] })
    await expect(world.commit({ remove: [file!], rewriteOf: 1 })).rejects.toThrow(FileNotLive)
  })
})
