import { describe, expect, it } from 'vitest'
import { commitSnapshot, findSnapshot } from '../../lib/iceberg/commit.ts'
import { CommitConflict } from '../../lib/iceberg/errors.ts'
import { ancestors, currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
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
