import { beforeEach, describe, expect, test } from 'vitest'
import type { Update } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { ancestors, currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { SUMMARY_COPY } from '../../lib/iceberg/summaryCopy.ts'
import { carriedState, stateSource } from '../../lib/tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { batch, ingest, newWorld, produce, storedTicks, tickJson, type World } from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const load = () => world.catalog.loadTable(TICKS_TABLE)
const next = async () => ticksState(await load()).vector.positions.map(position => position.next)

/** Takes in so many more ticks, one commit. */
async function ingestMore(count: number, changed = world): Promise<void> {
  const first = produce(changed, 0, ...Array.from({ length: count }, (_, i) => tickJson(i)))
  await ingest(changed, [await batch(changed, 0, first, first + count)])
}

/** Another engine's commit, such as a compaction. */
async function foreignCommit(): Promise<void> {
  const { services, clock } = world
  const table = await load()
  const staged = await stageSnapshot(services.store, table, { add: [], nowMs: clock.nowMs })
  await commitSnapshot(services.catalog, table, staged)
}

/** Expires every snapshot but the current one, as PyIceberg and Spark do where they are told to. */
async function expireAll(): Promise<void> {
  const { metadata } = await load()
  const snapshotIds = metadata.snapshots
    .map(({ snapshotId }) => snapshotId)
    .filter(id => id !== metadata.currentSnapshotId)
  await change({ action: 'remove-snapshots', snapshotIds })
}

async function rollBackTo(snapshotId: bigint): Promise<void> {
  await change({ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId })
}

async function change(...updates: Update[]): Promise<void> {
  await world.services.catalog.commit(TICKS_TABLE, [], updates)
}

describe('a state whose snapshots others have expired', () => {
  test('is read from the table’s copy after one commit of theirs: 5 ticks are in, and the next 3 follow, none twice', async () => {
    await ingestMore(5)
    const before = ticksState(await load())
    await foreignCommit()
    expect(stateSource(await load())).toBe('summary')
    await expireAll()
    const table = await load()
    expect(ticksState(table)).toEqual(before)
    expect(Object.keys(carriedState(table)).sort()).toEqual([
      'tickhouse.foreign',
      'tickhouse.totals',
      'tickhouse.vector',
    ])
    expect(stateSource(table)).toBe('property')
    await ingest(world, [await batch(world, 0, 0, 5)])
    await ingestMore(3)
    expect(await storedTicks(world)).toHaveLength(8)
    expect(stateSource(await load())).toBe('summary')
  })

  test.each([
    ['two commits', commitTwice],
    ['a commit on an older version, which the table was rolled back to', rollBackAndCommit],
    ['a replacement of the table, which keeps its properties', replace],
    ['one commit and a copy that cannot be read', spoilCopy],
  ])('is missing after %s of others', async (_, others) => {
    await ingestMore(5)
    await ingestMore(3)
    await others()
    await expireAll()
    const table = await load()
    expect(() => ticksState(table)).toThrow(expect.objectContaining({ code: 'STATE_MISSING' }))
    expect(() => stateSource(table)).toThrow('npm run rebuild')
    await expect(ingestMore(1)).rejects.toThrow(expect.objectContaining({ code: 'STATE_MISSING' }))
  })

  test('goes back with a rollback, whatever the copy says', async () => {
    await ingestMore(5)
    const { snapshotId } = currentSnapshot(await load())!
    await ingestMore(3)
    await rollBackTo(snapshotId)
    expect(await next()).toEqual([5])
    expect(stateSource(await load())).toBe('summary')
  })

  test('is that of the version which the table was rolled back to once a commit of ours followed', async () => {
    await ingestMore(5)
    const { snapshotId } = currentSnapshot(await load())!
    await ingestMore(3)
    await rollBackTo(snapshotId)
    await ingest(world, [await batch(world, 0, 5, 6)])
    await foreignCommit()
    await expireAll()
    expect(await next()).toEqual([6])
    expect(stateSource(await load())).toBe('property')
  })
})

test('the copy is set in the same request as the snapshot that it is of', async () => {
  await ingestMore(5)
  const table = await load()
  const { snapshotId, summary } = currentSnapshot(table)!
  const copy = JSON.parse(table.metadata.properties[SUMMARY_COPY]!)
  expect(BigInt(copy.snapshotId)).toBe(snapshotId)
  expect(summary).toMatchObject(copy.summary)
})

async function commitTwice(): Promise<void> {
  await foreignCommit()
  await foreignCommit()
}

async function spoilCopy(): Promise<void> {
  await foreignCommit()
  await change({ action: 'set-properties', updates: { [SUMMARY_COPY]: 'x' } })
}

async function rollBackAndCommit(): Promise<void> {
  const [, before] = ancestors(await load())
  await rollBackTo(before!.snapshotId)
  await foreignCommit()
}

/** `CREATE OR REPLACE TABLE … AS SELECT`: a snapshot without a parent, in the same table. */
async function replace(): Promise<void> {
  const { services, clock } = world
  const table = await load()
  const { currentSnapshotId, ...metadata } = table.metadata
  const staged = await stageSnapshot(services.store, { ...table, metadata }, { add: [], nowMs: clock.nowMs })
  await services.catalog.commit(TICKS_TABLE, [], staged.updates)
}
