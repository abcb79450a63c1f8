import { beforeEach, describe, expect, test } from 'vitest'
import { newTrust } from '../../lib/ingest/admit.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import {
  batch,
  ingest,
  newWorld,
  produce,
  stateOf,
  storedTicks,
  tickJson,
  type World,
} from '../support/world.ts'

let world: World
let loads: number
beforeEach(async () => {
  world = await newWorld()
  loads = 0
  const { catalog } = world
  world.services.catalog = {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (ident, definition) => catalog.createTable(ident, definition),
    commit: (ident, requirements, updates) => catalog.commit(ident, requirements, updates),
    loadTable: ident => {
      loads++
      return catalog.loadTable(ident)
    },
  }
})

/** Takes in one record of partition 0, whose ticks are there already. */
const ingestNext = async (offset: number, changes = {}) =>
  ingest(world, [await batch(world, 0, offset, offset + 1)], changes)

describe('a warm ingest', () => {
  test('loads the table once for 3 batches that follow one another', async () => {
    produce(world, 0, tickJson(1), tickJson(2), tickJson(3))
    for (const offset of [0, 1, 2]) await ingestNext(offset)
    expect(loads).toBe(1)
    expect(await storedTicks(world)).toEqual(['0/0', '0/1', '0/2'])
  })

  test('loads it again for a batch that was delivered before', async () => {
    produce(world, 0, tickJson(1))
    await ingestNext(0)
    expect(await ingestNext(0)).toMatchObject({ ticks: 0, skipped: 1 })
    expect(loads).toBe(2)
  })

  test('loads it again after another process has committed, and takes nothing in twice', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await ingestNext(0)
    await ingestNext(1, { trust: newTrust() })
    loads = 0
    expect(await ingestNext(1)).toMatchObject({ ticks: 0, skipped: 1, commits: 0 })
    expect(loads).toBe(1)
    expect(await storedTicks(world)).toEqual(['0/0', '0/1'])
  })

  test('takes in again what a rollback took out, once it is delivered again', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    const { metadata } = await world.catalog.loadTable(TICKS_TABLE)
    for (const offset of [0, 1]) await ingestNext(offset)
    await world.catalog.commit(
      TICKS_TABLE,
      [],
      [
        {
          action: 'set-snapshot-ref',
          ref: 'main',
          type: 'branch',
          snapshotId: metadata.currentSnapshotId!,
        },
      ],
    )
    for (const offset of [0, 1]) expect(await ingestNext(offset)).toMatchObject({ ticks: 1 })
    expect(await storedTicks(world)).toEqual(['0/0', '0/1'])
  })

  test('forgets the table when a commit fails for good', async () => {
    produce(world, 0, tickJson(1), tickJson(2))
    await ingestNext(0)
    const { catalog } = world.services
    const away = {
      ...catalog,
      commit: () => Promise.reject(new Error('away')),
    }
    await expect(ingestNext(1, { catalog: away })).rejects.toThrow('away')
    loads = 0
    expect(await ingestNext(1)).toMatchObject({ ticks: 1 })
    expect(loads).toBe(1)
    expect((await stateOf(world)).totals.ticks).toBe(2)
  })

  test('keeps 300 snapshots and few landmarks on the list, and few old metadata files, however many commits', async () => {
    for (let offset = 0; offset < 340; offset++) {
      produce(world, 0, tickJson(offset))
      world.clock.nowMs += 60_000
      await ingestNext(offset)
    }
    const { snapshots, metadataLog } = (await world.catalog.loadTable(TICKS_TABLE)).metadata
    expect(snapshots.length).toBeGreaterThanOrEqual(300)
    expect(snapshots.length).toBeLessThanOrEqual(312)
    expect(metadataLog.length).toBeLessThanOrEqual(20)
    expect((await stateOf(world)).totals.ticks).toBe(340)
  })
})
