import { beforeEach, describe, expect, test } from 'vitest'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { CommitConflict, CommitUnknown, StoreUnavailable } from '../../lib/iceberg/errors.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import {
  answerLost,
  type CommitFault,
  conflict,
  faultyCatalog,
  neverArrived,
  successTold409,
} from '../support/faultyCatalog.ts'
import {
  batch,
  ingest,
  NOW_MS,
  newWorld,
  produce,
  SETTINGS,
  stateOf,
  storedTicks,
  tickJson,
  type World,
} from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const faulty = (...faults: CommitFault[]) => faultyCatalog(world.catalog, ...faults)
const loadTicks = () => world.catalog.loadTable(TICKS_TABLE)

/** What `rollback_to_snapshot` does. */
async function rollBackTo(snapshotId: bigint): Promise<void> {
  const { metadata } = await loadTicks()
  await world.catalog.commit(
    TICKS_TABLE,
    [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }],
    [{ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId }],
  )
}

/** What another engine's compaction leaves: a snapshot that says nothing of offsets. */
async function commitForeignSnapshot(): Promise<void> {
  const table = await loadTicks()
  const change = { add: [], nowMs: world.clock.nowMs }
  await commitSnapshot(world.catalog, table, await stageSnapshot(world.services.store, table, change))
}

/** Every snapshot that was offered to the catalog, whatever became of it. */
function offered(catalog: Catalog): Parameters<Catalog['commit']>[] {
  const requests: Parameters<Catalog['commit']>[] = []
  const commit = catalog.commit.bind(catalog)
  catalog.commit = (...request) => {
    requests.push(request)
    return commit(...request)
  }
  return requests
}

describe('a commit that fares badly', () => {
  test.each([
    ['the answer to a commit that took effect is lost', answerLost],
    ['a commit never arrives', neverArrived],
    ['our own success is answered by 409', successTold409],
  ])('each tick once when %s', async (_, fault) => {
    produce(world, 0, tickJson(1), tickJson(2), 'bad')
    await ingest(world, [await batch(world, 0, 0, 3)], { catalog: faulty(fault) })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1'])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 2, deadLetters: { not_json: 1 } })
    expect((await world.log.offsets(SETTINGS.deadLetterTopic)).get(0)?.high).toBe(1)
  })

  test('each tick once when a lost commit lands after the next attempt has begun', async () => {
    produce(world, 0, tickJson(1))
    let late = async (): Promise<unknown> => undefined
    const catalog = faulty(
      async commit => {
        late = commit
        throw new CommitUnknown('no answer')
      },
      async commit => {
        await late()
        return commit()
      },
    )
    await ingest(world, [await batch(world, 0, 0, 1)], { catalog })
    expect(await storedTicks(world)).toEqual(['0/0'])
  })

  test('each tick once when another ingester commits a part of the batch in between', async () => {
    produce(world, 0, ...[1, 2, 3, 4].map(n => tickJson(n)))
    produce(world, 1, tickJson(5))
    const catalog = faulty(async commit => {
      await ingest(world, [await batch(world, 0, 0, 2)])
      return commit()
    })
    const result = await ingest(world, [await batch(world, 0, 0, 4), await batch(world, 1, 0, 1)], {
      catalog,
    })
    expect(result).toEqual({ ticks: 3, deadLetters: 0, skipped: 2, commits: 1 })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '0/2', '0/3', '1/0'])
  })

  test('data files serve again after a conflict that left our partitions alone', async () => {
    produce(world, 0, tickJson(1))
    produce(world, 1, tickJson(2))
    const catalog = faulty(async commit => {
      await ingest(world, [await batch(world, 1, 0, 1)])
      return commit()
    })
    await ingest(world, [await batch(world, 0, 0, 1)], { catalog })
    expect(await storedTicks(world)).toEqual(['0/0', '1/0'])
    expect(world.services.store.uris.filter(uri => uri.endsWith('.parquet'))).toHaveLength(2)
  })

  test('a snapshot that was rolled back keeps its files to itself: the batch is staged anew', async () => {
    produce(world, 0, tickJson(1))
    const empty = currentSnapshot(await loadTicks())!
    const catalog = faulty(async commit => {
      await commit()
      await rollBackTo(empty.snapshotId)
      throw new CommitUnknown('no answer')
    })
    await ingest(world, [await batch(world, 0, 0, 1)], { catalog })
    expect(await storedTicks(world)).toEqual(['0/0'])
    expect(world.services.store.uris.filter(uri => uri.endsWith('.parquet'))).toHaveLength(2)
  })

  test('a table rolled back below the batch meanwhile: it stops, and says how to go on', async () => {
    const empty = currentSnapshot(await loadTicks())!
    produce(world, 0, tickJson(1), tickJson(2))
    await ingest(world, [await batch(world, 0, 0, 1)])
    const catalog = faulty(async () => {
      await rollBackTo(empty.snapshotId)
      throw new CommitConflict('409')
    })
    const second = await batch(world, 0, 1, 2)
    await expect(ingest(world, [second], { catalog })).rejects.toThrow(/npm run offsets -- rewind/)
    expect(await storedTicks(world)).toEqual([])
  })

  test('not done while one partition is left: another ingester took all of the first, nothing of the second', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    produce(world, 1, tickJson(3))
    const catalog = faulty(async commit => {
      await ingest(world, [await batch(world, 0, 0, 2)])
      return commit()
    })
    const both = [await batch(world, 0, 0, 2), await batch(world, 1, 0, 1)]
    expect(await ingest(world, both, { catalog })).toMatchObject({ ticks: 1, skipped: 2 })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '1/0'])
  })

  test('a lost commit that lands after the next attempt has succeeded is refused', async () => {
    produce(world, 0, tickJson(1))
    let late = async (): Promise<unknown> => undefined
    const catalog = faulty(async commit => {
      late = commit
      throw new CommitUnknown('no answer')
    })
    await ingest(world, [await batch(world, 0, 0, 1)], { catalog })
    await expect(late()).rejects.toThrow(CommitConflict)
    expect(await storedTicks(world)).toEqual(['0/0'])
  })

  test('rows, vector and totals are one request, on exactly the table that was read', async () => {
    produce(world, 0, tickJson(1), 'bad')
    const { metadata } = await loadTicks()
    const requests = offered(world.catalog)
    await ingest(world, [await batch(world, 0, 0, 2)])
    expect(requests).toHaveLength(1)
    const [, requirements, updates] = requests[0]!
    expect(requirements).toEqual([
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: metadata.currentSnapshotId },
      { type: 'assert-current-schema-id', schemaId: 0 },
      { type: 'assert-default-spec-id', specId: 0 },
    ])
    const summary = {
      'added-records': '1',
      'tickhouse.vector': `{"epoch":0,"positions":[[0,0,2,${NOW_MS}]]}`,
    }
    expect(updates).toMatchObject([
      { action: 'add-snapshot', snapshot: { summary } },
      { action: 'set-snapshot-ref' },
    ])
  })

  test('nothing is committed while the store does not take the data file', async () => {
    produce(world, 0, tickJson(1))
    const { store } = world.services
    const write = store.write.bind(store)
    store.write = async (uri, bytes) => {
      if (uri.endsWith('.parquet')) throw new StoreUnavailable('away')
      return write(uri, bytes)
    }
    await expect(ingest(world, [await batch(world, 0, 0, 1)])).rejects.toThrow('away')
    expect((await stateOf(world)).vector.positions).toEqual([])
    store.write = write
    await ingest(world, [await batch(world, 0, 0, 1)])
    expect(await storedTicks(world)).toEqual(['0/0'])
  })

  test('each attempt is a snapshot of its own, with manifests of its own, on the newest parent', async () => {
    produce(world, 0, tickJson(1))
    produce(world, 1, tickJson(2))
    const catalog = faulty(
      neverArrived,
      async commit => {
        await ingest(world, [await batch(world, 1, 0, 1)])
        return commit()
      },
      conflict,
    )
    const requests = offered(catalog)
    await ingest(world, [await batch(world, 0, 0, 1)], { catalog })
    const attempts = requests.flatMap(([, , updates]) =>
      updates.flatMap(update => (update.action === 'add-snapshot' ? [update.snapshot] : [])),
    )
    expect(attempts).toHaveLength(4)
    expect(new Set(attempts.map(({ snapshotId }) => snapshotId)).size).toBe(4)
    expect(new Set(attempts.map(({ manifestList }) => manifestList)).size).toBe(4)
    const { snapshots } = (await loadTicks()).metadata
    expect(attempts.at(-1)!.parentSnapshotId).toBe(snapshots.at(-2)!.snapshotId)
    expect(await storedTicks(world)).toEqual(['0/0', '1/0'])
  })

  test.each([
    ['lost its answer', answerLost],
    ['never arrived', neverArrived],
    ['met a conflict', conflict],
  ])('no file is removed that was named in a commit that %s: it may yet land', async (_, fault) => {
    produce(world, 0, tickJson(1), tickJson(2), tickJson(3))
    const { store } = world.services
    const removed: string[] = []
    store.remove = async uri => void removed.push(uri)
    const catalog = faulty(fault, async commit => {
      await ingest(world, [await batch(world, 0, 0, 1)])
      return commit()
    })
    await ingest(world, [await batch(world, 0, 0, 3)], { catalog })
    expect(removed).toEqual([])
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '0/2'])
  })

  test('gives up after 8 conflicts, so that the event source tries again', async () => {
    produce(world, 0, tickJson(1))
    let attempts = 0
    const counted: CommitFault = async commit => {
      attempts += 1
      return conflict(commit)
    }
    const catalog = faulty(...Array.from({ length: 20 }, () => counted))
    await expect(ingest(world, [await batch(world, 0, 0, 1)], { catalog })).rejects.toThrow('409')
    expect(attempts).toBe(8)
  })
})

describe('the vector', () => {
  test('goes back with a table that is rolled back: what was taken away is taken in again, once', async () => {
    produce(world, 0, tickJson(1), 'bad', tickJson(2), tickJson(3))
    await ingest(world, [await batch(world, 0, 0, 1)])
    const { snapshotId } = currentSnapshot(await loadTicks())!
    await ingest(world, [await batch(world, 0, 1, 3)])
    await rollBackTo(snapshotId)
    await expect(ingest(world, [await batch(world, 0, 3, 4)])).rejects.toThrow(
      /offset 1, the batch begins at 3/,
    )
    await ingest(world, [await batch(world, 0, 0, 4)])
    expect(await storedTicks(world)).toEqual(['0/0', '0/2', '0/3'])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 3, deadLetters: { not_json: 1 } })
  })

  test('is that of the newest ancestor that has one: another engine’s snapshot on top changes nothing', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await ingest(world, [await batch(world, 0, 0, 1)])
    await commitForeignSnapshot()
    await ingest(world, [await batch(world, 0, 0, 2)])
    expect(await storedTicks(world)).toEqual(['0/0', '0/1'])
    expect((await stateOf(world)).totals).toMatchObject({ ticks: 2 })
  })

  test('is missing when all snapshots that had one were expired: the table is refused', async () => {
    produce(world, 0, tickJson(1))
    await commitForeignSnapshot()
    const { metadata } = await loadTicks()
    const others = metadata.snapshots
      .map(each => each.snapshotId)
      .filter(id => id !== metadata.currentSnapshotId)
    await world.catalog.commit(TICKS_TABLE, [], [{ action: 'remove-snapshots', snapshotIds: others }])
    await expect(ingest(world, [await batch(world, 0, 0, 1)])).rejects.toThrow(/tickhouse\.vector/)
    expect(await storedTicks(world)).toEqual([])
  })
})
