import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot, findSnapshot } from '../../lib/iceberg/commit.ts'
import { CommitConflict, SequenceTaken } from '../../lib/iceberg/errors.ts'
import { ancestors, currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { appendToBranch } from '../support/branchWriter.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { openWorld } from './fixtures.ts'

describe('committing', () => {
  it('lets one of two snapshots staged on one parent win; the loser’s files can be staged again', async () => {
    const world = await openWorld()
    const table = await world.commit({})
    const stage = async (from: number) => ({ add: [await world.file({ from })], nowMs: Date.now() })
    const [mine, theirs] = [await stage(1), await stage(2)]
    const lost = await stageSnapshot(world.store, table, mine)
    await commitSnapshot(world.catalog, table, await stageSnapshot(world.store, table, theirs))
    await expect(commitSnapshot(world.catalog, table, lost)).rejects.toThrow(CommitConflict)
    const now = await world.load()
    expect(findSnapshot(now, lost.snapshot.snapshotId)).toBe('absent')
    const again = await stageSnapshot(world.store, now, mine)
    const done = await commitSnapshot(world.catalog, now, again)
    expect(await planFiles(world.store, done)).toHaveLength(2)
    expect(findSnapshot(done, again.snapshot.snapshotId)).toBe('ancestor')
  })

  it('takes the next number when a branch has taken its own, with all files as new as that', async () => {
    const world = await openWorld()
    const table = await world.commit({ add: [await world.file({ from: 1 })] })
    const old = await planFiles(world.store, table)
    const change = { add: [await world.file({ from: 2 })], remove: old, nowMs: Date.now() }
    const staged = await stageSnapshot(world.store, table, change)
    for (let i = 0; i < 3; i++) await appendToBranch(world.catalog, world.ident)
    const done = await commitSnapshot(world.catalog, table, staged)
    expect(currentSnapshot(done)).toMatchObject({ snapshotId: staged.snapshot.snapshotId, sequenceNumber: 5 })
    const cold = new MemoryStore()
    cold.read = uri => world.store.read(uri)
    const files = await planFiles(cold, done)
    expect(files).toMatchObject([{ sequenceNumber: 5, fileSequenceNumber: 5 }])
    expect(await planFiles(world.store, done)).toEqual(files)
  })

  it('is refused when a branch has taken its number and the rows have changed too', async () => {
    const world = await openWorld()
    const table = await world.commit({})
    const staged = await stageSnapshot(world.store, table, { add: [await world.file()], nowMs: Date.now() })
    await world.commit({})
    await appendToBranch(world.catalog, world.ident)
    await expect(commitSnapshot(world.catalog, table, staged)).rejects.toThrow(CommitConflict)
  })

  it('is given up after 8 numbers that others were faster to take', async () => {
    const world = await openWorld()
    const table = await world.commit({})
    const staged = await stageSnapshot(world.store, table, { add: [], nowMs: Date.now() })
    let attempts = 0
    const beaten: Catalog = Object.create(world.catalog, {
      commit: {
        value: async (...commit: Parameters<Catalog['commit']>) => {
          attempts += 1
          await appendToBranch(world.catalog, world.ident)
          return world.catalog.commit(...commit)
        },
      },
      loadTable: { value: world.load },
    })
    await expect(commitSnapshot(beaten, table, staged)).rejects.toThrow(SequenceTaken)
    expect(attempts).toBe(8)
  })

  it('is refused when the table was dropped and made anew', async () => {
    const world = await openWorld()
    const table = await world.load()
    const other = {
      ...table,
      metadata: { ...table.metadata, tableUuid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' },
    }
    const staged = await stageSnapshot(world.store, other, { add: [], nowMs: Date.now() })
    await expect(commitSnapshot(world.catalog, table, staged)).rejects.toThrow(CommitConflict)
  })

  it('shows a snapshot that was rolled back as listed, and those after a rollback as ancestors', async () => {
    const world = await openWorld()
    const first = currentSnapshot(await world.commit({}))!
    const second = currentSnapshot(await world.commit({}))!
    const { snapshotId } = first
    await world.catalog.commit(
      world.ident,
      [],
      [{ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId }],
    )
    const third = currentSnapshot(await world.commit({}))!
    const table = await world.load()
    expect(findSnapshot(table, second.snapshotId)).toBe('listed')
    expect(findSnapshot(table, first.snapshotId)).toBe('ancestor')
    expect([...ancestors(table)].map(snapshot => snapshot.snapshotId)).toEqual([
      third.snapshotId,
      first.snapshotId,
    ])
  })
})
