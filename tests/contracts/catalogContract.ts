import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { CommitConflict, SequenceTaken, TableMissing } from '../../lib/iceberg/errors.ts'
import { asOf } from '../../lib/iceberg/lineage.ts'
import { ancestors, currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { openWorld, readingsSchema, readingsSpec, type World } from '../iceberg/fixtures.ts'
import { appendToBranch } from '../support/branchWriter.ts'

export interface CatalogServers {
  readonly catalog: Catalog
  /** Where the catalog's warehouse lies. */
  readonly store: ObjectStore
}

/** What every catalog does, with the store that its tables lie in. */
export function describeCatalog(name: string, open: () => Promise<CatalogServers>): void {
  describe(`a catalog (${name})`, () => {
    const fresh = async (properties = {}): Promise<World> => {
      const ident = { namespace: 'contract', name: `t_${randomUUID().replaceAll('-', '')}` }
      return openWorld({ ...(await open()), ident, properties })
    }

    it('makes a namespace that is there already without complaint', async () => {
      const { catalog } = await open()
      await catalog.createNamespace('contract')
      await catalog.createNamespace('contract')
    })

    it('makes a table of version 2 with schema, partitions and properties, and no snapshot', async () => {
      const { metadata } = await (await fresh({ 'tickhouse.layout': '1' })).load()
      expect(metadata).toMatchObject({ formatVersion: 2, lastSequenceNumber: 0, snapshots: [] })
      expect(metadata.currentSnapshotId).toBeUndefined()
      expect(metadata.schemas[0]?.fields).toMatchObject(readingsSchema.fields)
      expect(metadata.partitionSpecs[0]?.fields).toEqual(readingsSpec.fields)
      expect(metadata.properties['tickhouse.layout']).toBe('1')
    })

    it('leaves a table that is there already as it is', async () => {
      const world = await fresh()
      const before = await world.commit({ add: [await world.file()] })
      const definition = { schema: readingsSchema, spec: readingsSpec, properties: { other: 'x' } }
      const after = await world.catalog.createTable(world.ident, definition)
      expect(after.metadata).toEqual(before.metadata)
    })

    it('throws TableMissing for a table that is not there', async () => {
      const { catalog } = await open()
      await catalog.createNamespace('contract')
      const ident = { namespace: 'contract', name: `missing_${Date.now()}` }
      await expect(catalog.loadTable(ident)).rejects.toThrow(TableMissing)
    })

    it('gives back a snapshot with ids above 2^53 and its summary, exactly', async () => {
      const world = await fresh()
      const summary = { vector: '{"0":{"3":9007199254740993}}', text: 'é🚀"\\' }
      const table = await world.load()
      const staged = await stageSnapshot(world.store, table, {
        add: [await world.file()],
        nowMs: Date.now(),
        summary,
      })
      const done = await commitSnapshot(world.catalog, table, staged)
      expect(currentSnapshot(done)).toEqual(staged.snapshot)
      expect(currentSnapshot(await world.load())).toEqual(staged.snapshot)
      expect(done.metadata.lastSequenceNumber).toBe(1)
    })

    it('sets a property of 20 kB in the commit that adds a snapshot, and leaves the others as they are', async () => {
      const world = await fresh({ 'tickhouse.layout': '1', other: 'before' })
      const text = JSON.stringify({ vector: 'é🚀"\\'.repeat(2_000) })
      const table = await world.load()
      const staged = await stageSnapshot(world.store, table, { add: [], nowMs: Date.now() })
      const updates = [...staged.updates, { action: 'set-properties', updates: { other: text } } as const]
      const done = await world.catalog.commit(world.ident, staged.requirements, updates)
      expect(done.metadata.properties).toMatchObject({ 'tickhouse.layout': '1', other: text })
      await expect(world.catalog.commit(world.ident, staged.requirements, updates)).rejects.toThrow(
        CommitConflict,
      )
      const after = await world.commit({})
      expect(after.metadata.properties).toEqual(done.metadata.properties)
    })

    it('refuses a second first snapshot, and one on a parent that is no longer current', async () => {
      const world = await fresh()
      const empty = await world.load()
      const late = await stageSnapshot(world.store, empty, { add: [], nowMs: Date.now() })
      const table = await world.commit({})
      await expect(commitSnapshot(world.catalog, empty, late)).rejects.toThrow(CommitConflict)
      const stale = await stageSnapshot(world.store, table, { add: [], nowMs: Date.now() })
      await world.commit({})
      await expect(commitSnapshot(world.catalog, table, stale)).rejects.toThrow(CommitConflict)
      expect((await world.load()).metadata.snapshots).toHaveLength(2)
    })

    it('takes a snapshot made on an earlier one than the current, which then is no ancestor; not once others commit', async () => {
      const world = await fresh()
      const file = await world.file()
      const before = await world.commit({ add: [file] })
      await world.commit({ add: [await world.file({ from: 100 })] })
      const table = asOf(await world.load(), currentSnapshot(before)!)
      const stage = async () =>
        stageSnapshot(world.store, table, { add: [await world.file({ from: 200 })], nowMs: Date.now() })
      const late = await stage()
      const taken = await commitSnapshot(world.catalog, table, await stage())
      const files = await planFiles(world.store, taken)
      expect(files.map(({ path }) => path)).toContain(file.path)
      expect(files).toHaveLength(2)
      expect([...ancestors(taken)].map(({ sequenceNumber }) => sequenceNumber)).toEqual([3, 1])
      await expect(commitSnapshot(world.catalog, table, late)).rejects.toThrow()
      expect((await world.load()).metadata.currentSnapshotId).toBe(taken.metadata.currentSnapshotId)
    })

    it('refuses a commit that was made for another table of the name', async () => {
      const world = await fresh()
      const table = await world.load()
      const other = { ...table, metadata: { ...table.metadata, tableUuid: randomUUID() } }
      const staged = await stageSnapshot(world.store, other, { add: [], nowMs: Date.now() })
      await expect(commitSnapshot(world.catalog, table, staged)).rejects.toThrow(CommitConflict)
    })

    it('lets exactly 1 of 5 racing commits win, 5 times', async () => {
      const world = await fresh()
      for (let round = 1; round <= 5; round++) {
        const table = await world.load()
        const all = await Promise.all(
          Array.from({ length: 5 }, () => stageSnapshot(world.store, table, { add: [], nowMs: Date.now() })),
        )
        const outcomes = await Promise.allSettled(
          all.map(staged => commitSnapshot(world.catalog, table, staged)),
        )
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(CommitConflict)
        expect((await world.load()).metadata.snapshots).toHaveLength(round)
      }
    })

    it('refuses a commit that was made for other columns or partitions', async () => {
      const world = await fresh()
      const table = await world.load()
      for (const changed of [{ currentSchemaId: 1 }, { defaultSpecId: 1 }]) {
        const staged = await stageSnapshot(world.store, table, { add: [], nowMs: Date.now() })
        const requirements = staged.requirements.map(requirement => ({
          ...requirement,
          ...('schemaId' in requirement && 'currentSchemaId' in changed ? { schemaId: 1 } : {}),
          ...('specId' in requirement && 'defaultSpecId' in changed ? { specId: 1 } : {}),
        }))
        const committing = world.catalog.commit(world.ident, requirements, staged.updates)
        await expect(committing).rejects.toThrow(CommitConflict)
      }
      expect((await world.load()).metadata.snapshots).toEqual([])
    })

    it('refuses a sequence number that a branch has taken, as such, and takes the next one', async () => {
      const world = await fresh()
      const table = await world.commit({})
      const staged = await stageSnapshot(world.store, table, {
        add: [await world.file()],
        nowMs: Date.now(),
      })
      await appendToBranch(world.catalog, world.ident)
      const plainly = world.catalog.commit(world.ident, staged.requirements, staged.updates)
      await expect(plainly).rejects.toThrow(SequenceTaken)
      const done = await commitSnapshot(world.catalog, table, staged)
      expect(currentSnapshot(done)).toMatchObject({
        snapshotId: staged.snapshot.snapshotId,
        sequenceNumber: 3,
      })
      expect(await planFiles(world.store, await world.load())).toMatchObject([{ sequenceNumber: 3 }])
    })

    it('lists the 3 metadata files before the current one when 3 are to be kept, after 6 commits', async () => {
      const world = await fresh({ 'write.metadata.previous-versions-max': '3' })
      const locations = []
      for (let i = 0; i < 6; i++) locations.push((await world.commit({})).metadataLocation)
      const { metadata, metadataLocation } = await world.load()
      expect(metadataLocation).toBe(locations.at(-1))
      expect(metadata.metadataLog).toEqual(locations.slice(2, 5))
    })

    it('drops snapshots in the commit that adds one: 4 stay after 12, and the files of all', async () => {
      const world = await fresh()
      for (let i = 0; i < 12; i++)
        await world.commit({ add: [await world.file({ from: i })] }, { keepSnapshots: 4 })
      const table = await world.load()
      expect(table.metadata.snapshots.map(snapshot => snapshot.sequenceNumber).sort((a, b) => a - b)).toEqual(
        [9, 10, 11, 12],
      )
      expect(await planFiles(world.store, table)).toHaveLength(12)
    })
  })
}
